import { createWriteStream, readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { execa } from "execa";
import { findCheckout } from "infra/copies/checkout";
import { buildService } from "infra/images/api/bundle";
import type { Client } from "pg";
import { postFile } from "rates/src/prices/batches/post-file";
import { sampleRows } from "rates/src/prices/batches/sample-rows";
import { environmentFor } from "rates/testing/api";
import { freshKey } from "rates/testing/batches";
import { ServiceProcess } from "rates/testing/service-process";
import { temporaryFolder } from "../support/folder";
import { testServer } from "../support/server";
import { median, type Paired, paired, ratioCell, timed } from "./paired";
import { areThere } from "./tools";

const CLIENT = "psql";

/** Durable, and with the memory that a server of this size is usually given. */
const SERVER = { fsync: "on", shared_buffers: "1GB", max_wal_size: "8GB" };

/** The dump's own columns with the index that its query wants, and the same with the dump's foreign keys besides. */
const TABLES = ["plain", "checked"].map(
  (name) => `
    CREATE TABLE copied_${name} (orig_code text NOT NULL, dest_code text NOT NULL, day date NOT NULL, price integer NOT NULL);
    CREATE INDEX ON copied_${name} (orig_code, dest_code, day);`,
);
const FOREIGN_KEYS = `
  ALTER TABLE copied_checked ADD FOREIGN KEY (orig_code) REFERENCES ports (code), ADD FOREIGN KEY (dest_code) REFERENCES ports (code)`;

/** One row of the table. Foreign keys make \copy seven times slower, so that comparison is not the one that counts. */
interface Comparison {
  readonly rows: number;
  readonly pairs: number;
  readonly into: "copied_plain" | "copied_checked";
  readonly aim: string;
}

const COMPARISONS: readonly Comparison[] = [
  { rows: 10_000, pairs: 15, into: "copied_plain", aim: ">= 0.5" },
  { rows: 100_000, pairs: 9, into: "copied_plain", aim: "" },
  { rows: 1_000_000, pairs: 5, into: "copied_plain", aim: ">= 1.0, aim 2.0" },
  { rows: 10_000_000, pairs: 2, into: "copied_plain", aim: "" },
  { rows: 1_000_000, pairs: 1, into: "copied_checked", aim: "" },
];

/**
 * A batch over HTTP into a durable commit against `psql \copy` of the same file, each into empty tables.
 * @returns rows of a table; none where psql is missing
 */
export async function measureBatches(): Promise<string[][]> {
  if (!(await areThere("batches", [CLIENT]))) return [];
  await using server = await testServer(SERVER);
  const database = await server.createDatabase("migrated");
  const access = { url: server.url(database), passwordFile: server.passwordFile };
  await using client = await server.connect(database);
  await client.query([...TABLES, FOREIGN_KEYS].join("\n"));
  const bundle = await buildService(findCheckout().root);
  await using service = new ServiceProcess(bundle.file, environmentFor(access));
  const url = new URL(`http://127.0.0.1:${await service.port()}`);
  using folder = temporaryFolder();
  const rows: string[][] = [];
  for (const comparison of COMPARISONS) {
    const { rows: count, pairs, into } = comparison;
    const file = await writeSample(client, join(folder.path, "batch.csv"), count);
    const figures = await paired(
      async () => {
        await client.query("TRUNCATE raw_prices, lane_months, batches");
        return timed(() => send(url, file));
      },
      async () => {
        await client.query(`TRUNCATE ${into}`);
        return timed(() => copy(access, { file, into }));
      },
      pairs,
    );
    rows.push(describe(comparison, figures));
    console.log(rows.at(-1)?.join(" | "));
  }
  return rows;
}

export async function writeSample(client: Client, file: string, rows: number): Promise<string> {
  const lanes = await client.query<{ orig: string; dest: string }>(
    "SELECT orig_code AS orig, dest_code AS dest FROM lanes ORDER BY id",
  );
  await pipeline(Readable.from(sampleRows({ rows, seed: 1, lanes: lanes.rows })), createWriteStream(file));
  return file;
}

export async function send(url: URL, file: string): Promise<void> {
  const answer = await postFile({ url, file, type: "text/csv", isGzip: false, key: freshKey(), onProgress: () => {} });
  if (answer.status !== 201) throw new Error(`the batch was refused: ${answer.status} ${answer.body}`);
}

async function copy(
  access: { readonly url: string; readonly passwordFile: string },
  { file, into }: Pick<Comparison, "into"> & { readonly file: string },
): Promise<void> {
  const env = { PGPASSWORD: readFileSync(access.passwordFile, "utf8").trim() };
  const command = `\\copy ${into} FROM '${file}' WITH (FORMAT csv, HEADER)`;
  await execa(
    CLIENT,
    ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", `--dbname=${access.url}`, `--command=${command}`],
    { env },
  );
}

function describe({ rows, into, aim }: Comparison, { ratios, a, b }: Paired): string[] {
  const keys = into === "copied_checked" ? " with foreign keys" : "";
  return [
    `batch of ${rows.toLocaleString("en")} rows, HTTP to commit / psql \\copy${keys}`,
    ratioCell(ratios),
    `${median(a).toFixed(2)} s`,
    `${median(b).toFixed(2)} s`,
    String(ratios.length),
    aim,
  ];
}

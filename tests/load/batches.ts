import { spawnSync } from "node:child_process";
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
import { median, type Paired, paired } from "./paired";

const CLIENT = "psql";

/** Durable, and with the memory that a server of this size is usually given. */
const SERVER = { fsync: "on", shared_buffers: "1GB", max_wal_size: "8GB" };

/** The dump's own columns with the index that its query wants; no foreign keys, which would make it seven times slower. */
const TABLE = `
  CREATE TABLE copied (orig_code text NOT NULL, dest_code text NOT NULL, day date NOT NULL, price integer NOT NULL);
  CREATE INDEX ON copied (orig_code, dest_code, day)`;

const SIZES = [
  { rows: 10_000, pairs: 15, aim: ">= 0.5" },
  { rows: 1_000_000, pairs: 5, aim: ">= 1.0, aim 2.0" },
];

/**
 * A batch over HTTP into a durable commit against `psql \copy` of the same file, each into empty tables.
 * @returns rows of a table; none where psql is missing
 */
export async function measureBatches(): Promise<string[][]> {
  if (spawnSync(CLIENT, ["--version"]).status !== 0) {
    console.log("batches: not measured, psql is missing (Debian: apt-get install postgresql-client)");
    return [];
  }
  await using server = await testServer(SERVER);
  const database = await server.createDatabase("migrated");
  const access = { url: server.url(database), passwordFile: server.passwordFile };
  await using client = await server.connect(database);
  await client.query(TABLE);
  const bundle = await buildService(findCheckout().root);
  await using service = new ServiceProcess(bundle.file, environmentFor(access));
  const url = new URL(`http://127.0.0.1:${await service.port()}`);
  using folder = temporaryFolder();
  const rows: string[][] = [];
  for (const { rows: count, pairs, aim } of SIZES) {
    const file = await writeSample(client, join(folder.path, `${count}.csv`), count);
    const figures = await paired(
      async () => {
        await client.query("TRUNCATE raw_prices, lane_months, batches");
        return timed(() => send(url, file));
      },
      async () => {
        await client.query("TRUNCATE copied");
        return timed(() => copy(access, file));
      },
      pairs,
    );
    rows.push(describe(count, figures, aim));
  }
  return rows;
}

async function writeSample(client: Client, file: string, rows: number): Promise<string> {
  const lanes = await client.query<{ orig: string; dest: string }>(
    "SELECT orig_code AS orig, dest_code AS dest FROM lanes ORDER BY id",
  );
  await pipeline(Readable.from(sampleRows({ rows, seed: 1, lanes: lanes.rows })), createWriteStream(file));
  return file;
}

async function send(url: URL, file: string): Promise<void> {
  const answer = await postFile({ url, file, type: "text/csv", isGzip: false, key: freshKey(), onProgress: () => {} });
  if (answer.status !== 201) throw new Error(`the batch was refused: ${answer.status} ${answer.body}`);
}

async function copy(access: { readonly url: string; readonly passwordFile: string }, file: string): Promise<void> {
  const env = { PGPASSWORD: readFileSync(access.passwordFile, "utf8").trim() };
  const command = `\\copy copied FROM '${file}' WITH (FORMAT csv, HEADER)`;
  await execa(
    CLIENT,
    ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", `--dbname=${access.url}`, `--command=${command}`],
    {
      env,
    },
  );
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

function describe(rows: number, { ratios, a, b }: Paired, aim: string): string[] {
  return [
    `batch of ${rows.toLocaleString("en")} rows, HTTP to commit / psql \\copy`,
    `${median(ratios).toFixed(2)} [${(ratios[0] ?? Number.NaN).toFixed(2)}]`,
    `${median(a).toFixed(2)} s`,
    `${median(b).toFixed(2)} s`,
    String(ratios.length),
    aim,
  ];
}

import { createWriteStream, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { findCheckout } from "infra/copies/checkout";
import { buildService } from "infra/images/api/bundle";
import { environmentFor } from "rates/testing/api";
import { ServiceProcess } from "rates/testing/service-process";
import { temporaryFolder } from "../support/folder";
import { type TestServer, testServer } from "../support/server";
import { startFeed } from "../upstreams/feed/simulator";
import { type Paired, paired, ratioCell, timed } from "./paired";
import { peakMemory } from "./peak-memory";
import { areThere } from "./tools";

/** Durable, and with the memory that a server of this size is usually given. */
const SERVER = { fsync: "on", shared_buffers: "1GB", max_wal_size: "8GB" };
const EVENTS = Number(process.env["EVENTS"] ?? 3_000_000);
const PAIRS = Number(process.env["PAIRS"] ?? 2);
const BATCH = 5_000;
const TABLE = "copied_events";
const CLIENT = "psql";

interface Place {
  readonly server: TestServer;
  readonly database: string;
  readonly bundle: string;
}

/**
 * A pull of the simulated feed against a client that fetches the same pages and throws them away, at 150 ms a page, and against
 * `psql \copy` of the same rows into the same table, at 0 ms. EVENTS and PAIRS make it smaller.
 * @returns rows of a table
 */
export async function measureFeed(): Promise<string[][]> {
  await using server = await testServer(SERVER);
  const database = await server.createDatabase("migrated");
  const { file: bundle } = await buildService(findCheckout().root);
  const place = { server, database, bundle };
  return [await againstFetching(place), ...((await areThere("feed", [CLIENT])) ? [await againstCopy(place)] : [])];
}

async function againstFetching(place: Place): Promise<string[]> {
  await using upstream = await startFeed({ total: EVENTS, latencyMs: 150 });
  let peak = 0;
  const figures = await paired(
    async () => {
      const { seconds, memory } = await pulled(place, upstream);
      peak = Math.max(peak, memory);
      return seconds;
    },
    () => timed(() => fetchAndDiscard(upstream.url, upstream.key)),
    PAIRS,
  );
  const what = `pull at 150 ms a page, peak memory ${Math.round(peak / 2 ** 20)} MiB / fetching and discarding`;
  return row(what, figures, "<= 1.10, aim 1.02; <= 200 MiB");
}

async function againstCopy(place: Place): Promise<string[]> {
  await using upstream = await startFeed({ total: EVENTS });
  await pulled(place, upstream);
  using folder = temporaryFolder();
  const rows = join(folder.path, "events.copy");
  await using client = await place.server.connect(place.database);
  await client.query(`CREATE TABLE ${TABLE} (LIKE ingested_events INCLUDING ALL)`);
  await psql(place, "\\copy ingested_events TO STDOUT", createWriteStream(rows));
  const figures = await paired(
    async () => (await pulled(place, upstream)).seconds,
    async () => {
      await client.query(`TRUNCATE ${TABLE}`);
      await client.query("CHECKPOINT");
      return await timed(() => psql(place, `\\copy ${TABLE} FROM '${rows}'`));
    },
    PAIRS,
  );
  return row("pull at 0 ms a page / psql \\copy of the same rows", figures, "");
}

/** Time from the first line of a pull, when it begins, to the last. */
async function pulled(place: Place, upstream: { readonly url: string; readonly key: string }) {
  const { server, database, bundle } = place;
  await using client = await server.connect(database);
  await client.query("TRUNCATE ingested_events, ingestion_state");
  await client.query("CHECKPOINT");
  const access = { url: server.url(database), passwordFile: server.passwordFile };
  const environment = { API_BASE_URL: upstream.url, TARGET_API_KEY: upstream.key, BATCH_SIZE: String(BATCH) };
  await using pull = new ServiceProcess(bundle, environmentFor(access, environment), "feed", "run");
  await pull.line('"pulling"');
  let seconds = 0;
  const [memory = 0] = await peakMemory([{ pid: pull.pid, kind: "Pss" }], async () => {
    seconds = await timed(async () => {
      await pull.line("ingestion complete");
    });
  });
  return { seconds, memory };
}

async function fetchAndDiscard(url: string, key: string): Promise<void> {
  const pages = Math.ceil(EVENTS / BATCH);
  let cursor = "";
  for (let page = 0; page < pages; page += 1) {
    const answer = await fetch(`${url}/api/v1/events?limit=${BATCH}${cursor}`, { headers: { "X-API-Key": key } });
    const tail = (await answer.text()).slice(-400);
    cursor = `&cursor=${encodeURIComponent(/"nextCursor":"([^"]*)"/.exec(tail)?.[1] ?? "")}`;
  }
}

async function psql({ server, database }: Place, command: string, output?: NodeJS.WritableStream): Promise<void> {
  const env = { PGPASSWORD: readFileSync(server.passwordFile, "utf8").trim() };
  const args = [
    "--no-psqlrc",
    "--quiet",
    "--set=ON_ERROR_STOP=1",
    `--dbname=${server.url(database)}`,
    `--command=${command}`,
  ];
  const done = execa(CLIENT, args, { env, ...(output && { buffer: false }) });
  if (output) done.stdout.pipe(output);
  await done;
}

function row(what: string, { ratios, a, b }: Paired, aim: string): string[] {
  const inverse = ratios.map((ratio) => 1 / ratio).sort((one, other) => one - other);
  const rate = (seconds: readonly number[]) =>
    `${Math.round(EVENTS / (seconds[Math.floor(seconds.length / 2)] ?? 1)).toLocaleString("en")}/s`;
  return [
    `${EVENTS.toLocaleString("en")} events: ${what}`,
    ratioCell(inverse),
    rate(a),
    rate(b),
    String(ratios.length),
    aim,
  ];
}

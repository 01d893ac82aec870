import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findCheckout } from "infra/copies/checkout";
import { buildService } from "infra/images/api/bundle";
import { environmentFor } from "rates/testing/api";
import { temporaryFolder } from "../support/folder";
import { testServer } from "../support/server";
import { send, writeSample } from "./batches";
import { askFully, askWhile, percentile, type Timed } from "./clients";
import { fileProcess } from "./file-process";
import { ascending, median, ratioCell, timed } from "./paired";
import { READ_PATH } from "./read-path";

/** Durable, and with the memory that a server of this size is usually given. */
const SERVER = { fsync: "on", shared_buffers: "1GB", max_wal_size: "8GB" };

const BATCH_ROWS = 1_000_000;
/** Far from what one process answers, so that what is seen is how long a batch keeps reads waiting. */
const READS_PER_SECOND = 200;
const PAIRS = 5;

/** Longer than connections to the database are kept (DATABASE_IDLE_TIMEOUT_MS). */
const IDLE_MS = 75_000;
const FULL_CLIENTS = 16;
const FULL_MS = 6_000;

/**
 * `GET /rates`, nothing kept, while a batch loads and after minutes without a request; by one process, questions and
 * batch on the same machine.
 * @returns rows of a table
 */
export async function measureReadsUnderLoad(): Promise<string[][]> {
  await using server = await testServer(SERVER);
  const database = await server.createDatabase("migrated");
  const access = { url: server.url(database), passwordFile: server.passwordFile };
  await using client = await server.connect(database);
  using folder = temporaryFolder();
  const file = await writeSample(client, join(folder.path, "batch.csv"), BATCH_ROWS);
  const { file: bundle } = await buildService(findCheckout().root);
  await using api = await fileProcess([bundle, "api"], {
    env: { PORT: "0", RATES_CACHE_MAX_BYTES: "0", ...environmentFor(access) },
    log: join(folder.path, "api.log"),
  });
  const question = `${api.url}${READ_PATH}`;
  await askFully(question, { clients: FULL_CLIENTS, ms: FULL_MS });

  const idle: number[] = [];
  const loaded: number[] = [];
  while (loaded.length < PAIRS) {
    let seconds = 0;
    const loading = timed(() => send(new URL(api.url), file)).then((took) => {
      seconds = took;
    });
    loaded.push(percentile(await askWhile(question, { perSecond: READS_PER_SECOND, work: loading }), 0.99));
    idle.push(
      percentile(await askWhile(question, { perSecond: READS_PER_SECOND, work: delay(seconds * 1_000) }), 0.99),
    );
  }
  await delay(IDLE_MS);
  const woken = await askFully(question, { clients: FULL_CLIENTS, ms: FULL_MS });
  return [describeLoad(loaded, idle), describeWaking(woken)];
}

function describeLoad(loaded: readonly number[], idle: readonly number[]): string[] {
  const ratios = ascending(loaded.map((ms, index) => ms / (idle[index] ?? Number.NaN)));
  return [
    `p99 of ${READS_PER_SECOND} reads a second while a batch of 1e6 rows loads / idle`,
    ratioCell(ratios),
    `${median(ascending(loaded)).toFixed(1)} ms`,
    `${median(ascending(idle)).toFixed(1)} ms`,
    String(ratios.length),
    "<= 3",
  ];
}

/** The first second against the fourth and later ones, when everything is warm. */
function describeWaking(answers: readonly Timed[]): string[] {
  const first = percentile(
    answers.filter(({ asked }) => asked < 1_000),
    0.5,
  );
  const later = percentile(
    answers.filter(({ asked }) => asked >= 3_000),
    0.5,
  );
  return [
    `first second of full load after ${IDLE_MS / 1_000} s without a request / later ones, median time of an answer`,
    (first / later).toFixed(2),
    `${first.toFixed(1)} ms`,
    `${later.toFixed(1)} ms`,
    "1",
    "<= 2",
  ];
}

import { existsSync } from "node:fs";
import { join } from "node:path";
import { findCheckout } from "infra/copies/checkout";
import { buildService } from "infra/images/api/bundle";
import { environmentFor } from "rates/testing/api";
import { ServiceProcess } from "rates/testing/service-process";
import { temporaryFolder } from "../support/folder";
import { testServer } from "../support/server";
import { send, writeSample } from "./batches";
import { peakMemory, type Watched } from "./peak-memory";

/** As a small copy has it, so that what a backend keeps for itself is seen beside what it shares. */
const SERVER = { fsync: "on", max_wal_size: "8GB" };
/** Of a small copy's API as well. */
const HEAP_MIB = 128;

const SMALL_ROWS = 100_000;
const LARGE_ROWS = 10_000_000;
/** After as many the garbage of the process has come to its plateau. */
const WARMING = 40;
const MEASURED = 10;

const BACKENDS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'rates'";

/** Bytes at the peak of a batch. */
interface Peaks {
  readonly api: number;
  /** What the backend that takes the batch has for itself alone. */
  readonly backend: number;
  /** With its share of the buffers that all backends use. */
  readonly backendShared: number;
}

/**
 * The memory of a warm API and its database backend while a batch of 1e7 rows comes in, against one of 1e5.
 * @returns rows of a table; none where the system does not tell
 */
export async function measureBatchMemory(): Promise<string[][]> {
  if (!existsSync("/proc/self/smaps_rollup")) {
    console.log("memory of batches: not measured, this system has no /proc/pid/smaps_rollup");
    return [];
  }
  await using server = await testServer(SERVER);
  const database = await server.createDatabase("migrated");
  await using client = await server.connect(database);
  const { file } = await buildService(findCheckout().root);
  const access = { url: server.url(database), passwordFile: server.passwordFile };
  const environment = { ...environmentFor(access), NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` };
  await using service = new ServiceProcess(file, environment);
  const url = new URL(`http://127.0.0.1:${await service.port()}`);
  using folder = temporaryFolder();
  const small = await writeSample(client, join(folder.path, "small.csv"), SMALL_ROWS);
  const large = await writeSample(client, join(folder.path, "large.csv"), LARGE_ROWS);

  const measure = async (batch: string, times: number) => {
    const { rows } = await client.query<{ pid: number }>(BACKENDS);
    return peaksOf(
      service.pid,
      rows.map(({ pid }) => pid),
      async () => {
        for (let sent = 0; sent < times; sent += 1) await send(url, batch);
      },
    );
  };
  for (let sent = 0; sent < WARMING; sent += 1) await send(url, small);
  const atSmall = await measure(small, MEASURED);
  const atLarge = await measure(large, 1);
  return [
    row(
      "API and backend together",
      [atLarge, atSmall].map(({ api, backend }) => api + backend),
      "<= 1.2",
    ),
    row(
      "API alone (PSS)",
      [atLarge, atSmall].map(({ api }) => api),
    ),
    row(
      "backend alone (private)",
      [atLarge, atSmall].map(({ backend }) => backend),
    ),
    row(
      "backend with its share of the buffers (PSS)",
      [atLarge, atSmall].map(({ backendShared }) => backendShared),
    ),
  ];
}

async function peaksOf(api: number, backends: readonly number[], work: () => Promise<void>): Promise<Peaks> {
  const watched: Watched[] = [
    { pid: api, kind: "Pss" },
    ...backends.map((pid) => ({ pid, kind: "Anonymous" as const })),
    ...backends.map((pid) => ({ pid, kind: "Pss" as const })),
  ];
  const [ofApi = 0, ...others] = await peakMemory(watched, work);
  // The backend of the batch is the one that takes most.
  const backend = Math.max(...others.slice(0, backends.length));
  return { api: ofApi, backend, backendShared: Math.max(...others.slice(backends.length)) };
}

function row(what: string, [large = Number.NaN, small = Number.NaN]: readonly number[], aim = ""): string[] {
  const mebibytes = (bytes: number) => `${(bytes / 1024 ** 2).toFixed(0)} MiB`;
  return [what, (large / small).toFixed(2), mebibytes(large), mebibytes(small), aim];
}

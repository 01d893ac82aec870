import { once } from "node:events";
import { Agent } from "node:http";
import { connect } from "node:net";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildService, type ServiceBundle } from "../../infra/images/api/bundle";
import { type TestDatabase, testDatabase } from "../../tests/support/database";
import { environmentFor } from "../testing/api";
import { CSV_HEADER, csvOf, openBatch, postBatch } from "../testing/batches";
import { ask } from "../testing/http";
import { ServiceProcess } from "../testing/service-process";
import type { ServiceEnvironment } from "./config";

const rates = "/rates?date_from=2021-01-31&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL";

let bundle: ServiceBundle;
let database: TestDatabase;

beforeAll(async () => {
  bundle = await buildService(resolve(__dirname, "../.."));
  database = await testDatabase("migrated");
});

afterAll(() => database?.[Symbol.asyncDispose]());

function start(environment: Partial<ServiceEnvironment> = {}): ServiceProcess {
  return new ServiceProcess(bundle.file, environmentFor(database, { RATES_CACHE_MAX_BYTES: "0", ...environment }));
}

/** Makes every query for rates wait until the returned lock is released. */
async function lockPrices(): Promise<AsyncDisposable> {
  const client = await database.connect();
  await client.query("BEGIN; LOCK TABLE lane_months");
  return client;
}

/** Resolves when a query of the service waits for the lock. */
async function untilQueryWaits(): Promise<void> {
  const sql = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
  await expect.poll(async () => (await database.query(sql)).length, { timeout: 10_000 }).toBe(1);
}

describe("a signal drains the process", () => {
  test.each<NodeJS.Signals>(["SIGTERM", "SIGINT"])(
    "%s lets the request in flight finish and ends it with 0",
    async (signal) => {
      await using service = start({ DATABASE_QUERY_TIMEOUT_MS: "20000" });
      const port = await service.port();
      const agent = new Agent({ keepAlive: true });
      const lock = await lockPrices();
      const slow = ask(port, rates, { agent });
      await untilQueryWaits();
      service.signal(signal);
      await service.line("draining");
      await lock[Symbol.asyncDispose]();
      const { status, headers } = await slow;
      expect([status, headers.connection]).toEqual([200, "close"]);
      expect(await service.exit).toBe(0);
      expect(service.lines.at(-1)).toContain('"drained"');
    },
  );

  test("behind a proxy that knows it, it serves until the proxy has heard twice that it drains", async () => {
    await using service = start({ PROXY_GATE: "1" });
    const port = await service.port();
    const probe = async () => (await ask(port, "/ready", { headers: { "X-Probe": "proxy" } })).status;
    expect([await probe(), await probe()]).toEqual([200, 200]);
    service.signal("SIGTERM");
    await service.line("draining");
    expect(await probe()).toBe(404);
    // What the proxy sends before the second answer is answered in full.
    const { status, headers } = await ask(port, rates);
    expect([status, headers.connection]).toEqual([200, "close"]);
    expect(service.lines.join()).not.toContain('"drained"');
    expect(await probe()).toBe(404);
    expect(await service.exit).toBe(0);
  });

  test("behind a proxy that never asked, it ends without waiting for one", async () => {
    await using service = start({ PROXY_GATE: "1", DRAIN_TIMEOUT_MS: "2000" });
    await service.port();
    service.signal("SIGTERM");
    expect(await service.exit).toBe(0);
  });

  test("connections that rest, or on which nothing was ever asked, do not hold it up", async () => {
    await using service = start();
    const port = await service.port();
    const agent = new Agent({ keepAlive: true });
    await ask(port, "/health", { agent });
    const silent = connect({ host: "127.0.0.1", port });
    await once(silent, "connect");
    silent.on("error", () => {});
    const closed = once(silent, "close");
    service.signal("SIGTERM");
    expect(await service.exit).toBe(0);
    await closed;
  });

  test("a request that does not end is given up after DRAIN_TIMEOUT_MS, with a line in the log and 1", async () => {
    await using service = start({ DRAIN_TIMEOUT_MS: "200", DATABASE_QUERY_TIMEOUT_MS: "60000" });
    const port = await service.port();
    await using _lock = await lockPrices();
    const lost = expect(ask(port, rates)).rejects.toThrow("socket hang up");
    await untilQueryWaits();
    service.signal("SIGTERM");
    expect(await service.exit).toBe(1);
    await lost;
    expect(JSON.parse(service.lines.at(-1) ?? "")).toMatchObject({
      level: "error",
      connections: 1,
      msg: expect.stringContaining("within 200 ms"),
    });
  });

  describe("DRAIN_TIMEOUT_MS is not for batches", () => {
    const late = { DRAIN_TIMEOUT_MS: "200", DATABASE_QUERY_TIMEOUT_MS: "60000" };
    const body = csvOf([["CNGGZ", "EETLL", "2031-01-01", 1]]);

    test("one that has begun is finished, however long after, and the process ends with 0", async () => {
      await using service = start(late);
      const port = await service.port();
      const lock = await lockPrices();
      const batch = postBatch(port, { body });
      await untilQueryWaits();
      service.signal("SIGTERM");
      await service.line("until the batches in flight are done");
      await lock[Symbol.asyncDispose]();
      expect((await batch).status).toBe(201);
      expect(await service.exit).toBe(0);
      expect(service.lines.at(-1)).toContain('"drained"');
    });

    test("one that takes longer than BATCH_TIMEOUT_MS is answered 503, and the process ends with 0", async () => {
      await using service = start({ ...late, BATCH_TIMEOUT_MS: "1000" });
      const port = await service.port();
      await using _lock = await lockPrices();
      const batch = postBatch(port, { body });
      await untilQueryWaits();
      service.signal("SIGTERM");
      const { status, json } = await batch;
      expect([status, json.type]).toEqual([503, "urn:rates:problem:batch-timeout"]);
      expect(await service.exit).toBe(0);
    });

    test("a request beside it that does not end is given up once the batch is done", async () => {
      await using service = start(late);
      const port = await service.port();
      const batch = openBatch(port);
      batch.write(`${CSV_HEADER}\n`);
      await expect.poll(async () => (await postBatch(port, { body, key: batch.key })).status).toBe(409);
      await using _lock = await lockPrices();
      const lost = expect(ask(port, rates)).rejects.toThrow("socket hang up");
      await untilQueryWaits();
      service.signal("SIGTERM");
      await service.line("until the batches in flight are done");
      batch.end("not a row\n");
      expect(await batch.status()).toBe(422);
      expect(await service.exit).toBe(1);
      await lost;
      expect(service.lines.at(-1)).toContain("not drained 1000 ms after the last batch");
    });
  });

  test("a second signal ends it at once", async () => {
    await using service = start({ DATABASE_QUERY_TIMEOUT_MS: "60000", DRAIN_TIMEOUT_MS: "60000" });
    const port = await service.port();
    await using _lock = await lockPrices();
    const lost = expect(ask(port, rates)).rejects.toThrow("socket hang up");
    await untilQueryWaits();
    service.signal("SIGTERM");
    await service.line("draining");
    service.signal("SIGTERM");
    expect(await service.exit).toBe(1);
    await lost;
  });
});

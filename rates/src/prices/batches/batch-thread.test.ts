import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../../../tests/support/database";
import { until } from "../../../../tests/support/until";
import { testApi } from "../../../testing/api";
import { CSV_HEADER, csvOf, freshKey, largeCsv, openBatch, postBatch } from "../../../testing/batches";
import { ask } from "../../../testing/http";
import { DIFFERENCES_SQL } from "../../../testing/rollup";
import { type Ending, type WatchedThread, watchedThread } from "../../../testing/watched-thread";

const BODY = csvOf([["CNGGZ", "EETLL", "2050-01-01", 1]]);
const INTERRUPTED = {
  type: "urn:rates:problem:batch-interrupted",
  detail: "What took the batch ended before it could answer. Send it again: a batch that is in is not taken twice.",
};
/** Batches that wait for a lock. */
const WAITING =
  "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query";

let database: TestDatabase;
let thread: WatchedThread;

beforeAll(async () => {
  database = await testDatabase("migrated");
});

beforeEach(() => {
  thread = watchedThread();
  return () => thread[Symbol.dispose]();
});

afterAll(() => database?.[Symbol.asyncDispose]());

async function untilWaiting(query: string): Promise<void> {
  await until(`${query} to wait`, async () => (await database.query(`${WAITING} LIKE '%${query}%'`)).length === 1);
}

/** Of the key. */
async function batchesOf(key: string): Promise<number> {
  return (await database.query("SELECT FROM batches WHERE idempotency_key = $1", [key])).length;
}

describe("a thread that ends under a batch is a 503, nothing of the batch is in, and the next one is taken by another thread", () => {
  describe.each<[Ending, string]>([
    ["throws", "planted"],
    ["exits", ""],
  ])("when it %s", (how, reason) => {
    test("while the batch arrives", async () => {
      await using api = await testApi(database, {}, thread.file);
      const batch = openBatch(api.port);
      // More than lies on the way: the thread has read of it when it is all with the system.
      await batch.write(largeCsv(600_000));
      thread.end(how);
      expect(await batch.answer()).toMatchObject({ status: 503, json: INTERRUPTED });
      expect(await batchesOf(batch.key)).toBe(0);
      const { status, headers } = await postBatch(api.port, { body: BODY, key: batch.key });
      expect([status, headers["idempotent-replay"]]).toEqual([201, undefined]);
      expect(thread.heard).toEqual(["started", "ended", "started"]);
      const failures = api.log.filter(({ level, msg }) => level === "error" && String(msg).includes("failed"));
      expect(failures).toHaveLength(how === "throws" ? 1 : 0);
      expect(JSON.stringify(api.log)).toContain(reason);
    });

    test("while the batch is loaded", async () => {
      await using api = await testApi(database, {}, thread.file);
      await using locker = await database.connect();
      const key = freshKey();
      await locker.query("BEGIN; LOCK TABLE lane_months IN SHARE MODE");
      const sent = postBatch(api.port, { body: BODY, key });
      await untilWaiting("INSERT INTO lane_months");
      thread.end(how);
      const { status, headers, json } = await sent;
      expect([status, headers["retry-after"]]).toEqual([503, "1"]);
      expect(json).toMatchObject(INTERRUPTED);
      expect(api.batches.running).toBe(0);
      await locker.query("ROLLBACK");
      expect((await postBatch(api.port, { body: BODY, key })).headers["idempotent-replay"]).toBeUndefined();
      expect(await batchesOf(key)).toBe(1);
      expect(await database.query(DIFFERENCES_SQL)).toEqual([{ count: 0 }]);
    });
  });

  test("when it commits at that moment, the batch is in, and sent again it is answered as a replay", async () => {
    await using own = await testDatabase("migrated");
    await using api = await testApi(own, {}, thread.file);
    await using locker = await own.connect();
    const key = freshKey();
    await own.query(`
      CREATE FUNCTION wait_in_commit() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock(77); RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON batches DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION wait_in_commit()`);
    await locker.query("SELECT pg_advisory_lock(77)");
    const sent = postBatch(api.port, { body: BODY, key });
    await until("the COMMIT", async () => (await own.query(`${WAITING} = 'COMMIT'`)).length === 1);
    thread.end("exits");
    expect((await sent).status).toBe(503);
    await locker.query("SELECT pg_advisory_unlock(77)");
    await until("the batch", async () => (await own.query("SELECT FROM batches")).length === 1);
    const { status, headers } = await postBatch(api.port, { body: BODY, key });
    expect([status, headers["idempotent-replay"]]).toEqual([201, "true"]);
  });

  test("that cannot be started is a 503 as well, and the log tells why", async () => {
    await using api = await testApi(database, {}, "/nowhere/rates.js");
    const { status, json } = await postBatch(api.port, { body: BODY });
    expect([status, json]).toEqual([503, expect.objectContaining(INTERRUPTED)]);
    expect(JSON.stringify(api.log)).toContain("Cannot find module '/nowhere/rates.js'");
  });
});

describe("the thread", () => {
  test("holds up no other request, whatever it is busy with", async () => {
    await using api = await testApi(database, {}, thread.file);
    const batch = openBatch(api.port);
    await batch.write(`${CSV_HEADER}\n`);
    await until("the thread", async () => thread.heard.includes("started"));
    {
      using _held = thread.holdUp();
      await until("it to be held up", async () => thread.heard.includes("held up"));
      batch.end("CNGGZ,EETLL,2050-01-01,1\n");
      const path = "/rates?date_from=2021-01-31&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL";
      expect((await ask(api.port, path)).status).toBe(200);
      expect((await postBatch(api.port, { body: BODY, key: batch.key })).status).toBe(409);
      expect(api.batches.running).toBe(1);
    }
    expect(await batch.status()).toBe(201);
  });

  test("is there from the first batch on, and goes when there was none for as long as connections are kept", async () => {
    await using api = await testApi(database, { DATABASE_IDLE_TIMEOUT_MS: "50" }, thread.file);
    expect(thread.heard).toEqual([]);
    expect((await postBatch(api.port, { body: BODY })).status).toBe(201);
    await expect.poll(() => thread.heard).toEqual(["started", "ended"]);
    expect((await postBatch(api.port, { body: BODY })).status).toBe(201);
    await expect.poll(() => thread.heard).toEqual(["started", "ended", "started", "ended"]);
    expect(api.log.filter(({ level }) => level === "error")).toEqual([]);
  });

  test("stays as long as a batch is being taken", async () => {
    await using api = await testApi(database, { DATABASE_IDLE_TIMEOUT_MS: "50" }, thread.file);
    const batch = openBatch(api.port);
    await batch.write(`${CSV_HEADER}\n`);
    for (let round = 0; round < 5; round += 1) {
      expect((await postBatch(api.port, { body: BODY })).status).toBe(201);
    }
    batch.end("CNGGZ,EETLL,2050-01-01,1\n");
    expect(await batch.status()).toBe(201);
    expect(thread.heard).toEqual(["started"]);
  });

  test("takes batches that come together, and no other", async () => {
    await using api = await testApi(database, {}, thread.file);
    const answers = await Promise.all(Array.from({ length: 8 }, () => postBatch(api.port, { body: BODY })));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(201));
    expect(thread.heard).toEqual(["started"]);
  });
});

test("a fault of ours in the thread is a 500 that tells the client nothing and the log everything", async () => {
  await using own = await testDatabase("migrated");
  await using api = await testApi(own);
  await own.query("ALTER TABLE raw_prices RENAME TO hidden");
  const { status, headers, body } = await postBatch(api.port, { body: BODY });
  expect([status, headers["content-type"]]).toEqual([500, "application/problem+json; charset=utf-8"]);
  expect(body).not.toMatch(/raw_prices|COPY|relation/);
  expect(api.log).toContainEqual(
    expect.objectContaining({
      level: "error",
      requestId: headers["x-request-id"],
      err: expect.objectContaining({
        type: "DatabaseError",
        code: "42P01",
        message: 'relation "raw_prices" does not exist',
        stack: expect.stringContaining("raw_prices"),
      }),
    }),
  );
});

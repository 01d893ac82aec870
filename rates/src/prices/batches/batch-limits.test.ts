import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../../../tests/support/database";
import { testApi } from "../../../testing/api";
import { CSV_HEADER, csvOf, freshKey, largeCsv, openBatch, postBatch } from "../../../testing/batches";
import { DIFFERENCES_SQL } from "../../../testing/rollup";

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase("migrated");
});

afterAll(() => database?.[Symbol.asyncDispose]());

describe("the limits of a batch", () => {
  test("more batches at once than the limit are a 429 that says when to come back", async () => {
    await using small = await testApi(database, { BATCH_MAX_CONCURRENT: "1" });
    const open = openBatch(small.port);
    await open.write(`${CSV_HEADER}\n`);
    await expect
      .poll(async () => {
        const { status, headers, json } = await postBatch(small.port, {
          body: csvOf([["CNGGZ", "EETLL", "2036-01-01", 1]]),
        });
        return [status, headers["retry-after"], json.detail];
      })
      .toEqual([429, "1", "At most 1 batches are taken at once (BATCH_MAX_CONCURRENT); send this one later."]);
    open.end("CNGGZ,EETLL,2036-01-01,1\n");
    expect(await open.status()).toBe(201);
  });

  test("a batch that does not arrive in time is a 408, and a batch that waits too long for the database a 503", async () => {
    await using hasty = await testApi(database, { BATCH_TIMEOUT_MS: "700" });
    const open = openBatch(hasty.port);
    await open.write(`${CSV_HEADER}\n`);
    expect(await open.status()).toBe(408);
    await using locker = await database.connect();
    await locker.query("BEGIN; LOCK TABLE lane_months");
    const late = await postBatch(hasty.port, { body: csvOf([["CNGGZ", "EETLL", "2037-01-01", 1]]) });
    expect([late.status, late.json.type]).toEqual([503, "urn:rates:problem:batch-timeout"]);
    await locker.query("ROLLBACK");
    expect(await database.query("SELECT FROM daily_rates WHERE day = '2037-01-01'")).toEqual([]);
  });

  test("a client that hangs up half way leaves nothing and frees its key and its place", async () => {
    await using small = await testApi(database, { BATCH_MAX_CONCURRENT: "1" });
    const key = freshKey();
    const open = openBatch(small.port, { key });
    await open.write(largeCsv(200_000));
    await expect.poll(async () => (await postBatch(small.port, { body: "x", key })).status).toBe(409);
    await open.cut();
    await expect
      .poll(
        async () => (await postBatch(small.port, { body: csvOf([["CNGGZ", "EETLL", "2038-01-01", 1]]), key })).status,
      )
      .toBe(201);
    expect(await database.query(DIFFERENCES_SQL)).toEqual([{ count: 0 }]);
  });

  test.each([
    ["whole", true],
    ["in part", false],
  ])(
    "a client that sends its payload %s and hangs up before any of it is read frees its key and its place",
    async (_how, isWhole) => {
      await using small = await testApi(database, { BATCH_MAX_CONCURRENT: "1" });
      await using locker = await database.connect();
      const body = `${CSV_HEADER}\nCNGGZ,EETLL,2038-02-01,1\n`;
      const open = openBatch(small.port);
      // The look for the key comes before the payload.
      await locker.query("BEGIN; LOCK TABLE batches");
      if (isWhole) open.end(body);
      else await open.write(body);
      const waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
      await expect.poll(async () => (await database.query(waiting)).length).toBe(1);
      await open.cut();
      await expect.poll(() => small.batches.running).toBe(1);
      await locker.query("ROLLBACK");
      await expect.poll(() => small.batches.running).toBe(0);
      expect(await database.query("SELECT FROM daily_rates WHERE day = '2038-02-01'")).toEqual([]);
    },
  );

  test("a spool folder that is not there is a 503 that names the setting, for large batches only", async () => {
    await using lost = await testApi(database, { SPOOL_DIR: "/nowhere/at/all" });
    const { status, json } = await postBatch(lost.port, { body: largeCsv(150_000) });
    expect([status, json.type, json.detail]).toEqual([
      503,
      "urn:rates:problem:spool-unavailable",
      expect.stringContaining("SPOOL_DIR"),
    ]);
    expect((await postBatch(lost.port, { body: csvOf([["CNGGZ", "EETLL", "2039-01-01", 1]]) })).status).toBe(201);
  });
});

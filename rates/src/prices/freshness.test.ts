import type { Connection } from "infra/copies/connection";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../../tests/support/database";
import { type TestApi, testApi } from "../../testing/api";
import { insertBatch } from "../../testing/batch";
import { type Answer, ask } from "../../testing/http";

const lane = { origin: "CNGGZ", destination: "EETLL" };
let database: TestDatabase;
let writer: Connection;
let api: TestApi;
let day = 0;

beforeAll(async () => {
  database = await testDatabase("migrated");
  writer = await database.connect();
  api = await testApi(database);
});

afterAll(async () => {
  await api?.[Symbol.asyncDispose]();
  await writer?.end();
  await database?.[Symbol.asyncDispose]();
});

/** A URL that no other test asks for. */
function freshDay(): { date: string; path: string } {
  day += 1;
  const date = new Date(Date.UTC(2030, 0, day)).toISOString().slice(0, 10);
  return { date, path: `/rates?date_from=${date}&date_to=${date}&orig_code=CNGGZ&dest_code=EETLL` };
}

function insert(date: string, count = 1): Promise<number> {
  return insertBatch(writer, Array(count).fill({ ...lane, day: date, price: 7 }));
}

function countIn({ body }: Answer): number | null {
  return JSON.parse(body).rates[0].count;
}

/** Asks until the answer is kept: the process may still be connecting. */
async function untilKept(on: TestApi, path: string): Promise<void> {
  await expect.poll(() => isKept(on, path), { timeout: 10_000 }).toBe(true);
}

/** Whether an answer comes without the database: while its rows are locked nobody else gives one. */
async function isKept(on: TestApi, path: string): Promise<boolean> {
  await ask(on.port, path);
  await using locker = await database.connect();
  await locker.query("BEGIN; LOCK TABLE lane_months");
  const answer = await Promise.race([ask(on.port, path), noAnswer()]);
  await locker.query("ROLLBACK");
  return answer !== undefined;
}

function noAnswer(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), 200));
}

describe("an answer that is kept", () => {
  test("is given without the database, byte for byte, until a batch is committed", async () => {
    const { date, path } = freshDay();
    await untilKept(api, path);
    const kept = await ask(api.port, path);
    expect(countIn(kept)).toBeNull();
    const version = await insert(date, 3);
    await expect.poll(async () => countIn(await ask(api.port, path))).toBe(3);
    expect((await ask(api.port, path)).headers["x-data-version"]).toBe(String(version));
  });

  test("is never older than the X-Data-Version that the client has seen, in any process", async () => {
    await using other = await testApi(database);
    const { date, path } = freshDay();
    await untilKept(api, path);
    await untilKept(other, path);
    for (let count = 1; count <= 20; count += 1) {
      const version = await insert(date);
      const asked = [api, other].map(({ port }) => ask(port, path, { headers: { "X-Data-Version": String(version) } }));
      expect((await Promise.all(asked)).map(countIn)).toEqual([count, count]);
    }
  });

  test("never goes back to older data within one process", async () => {
    const { date, path } = freshDay();
    await untilKept(api, path);
    let isDone = false;
    const counts: number[] = [];
    const readers = Array.from({ length: 4 }, async () => {
      const seen: number[] = [];
      while (!isDone) seen.push(countIn(await ask(api.port, path)) ?? 0);
      counts.push(...seen.filter((count, index) => count < (seen[index - 1] ?? 0)));
    });
    for (let count = 0; count < 30; count += 1) await insert(date);
    isDone = true;
    await Promise.all(readers);
    expect(counts).toEqual([]);
  });

  test("is not used while commits cannot be heard of, and what was missed shows at once after", async () => {
    const { date, path } = freshDay();
    await untilKept(api, path);
    await writer.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%FROM data_version' AND application_name = 'rates' AND datname = current_database()",
    );
    await insert(date);
    await expect.poll(async () => countIn(await ask(api.port, path))).toBe(1);
    await expect.poll(() => isKept(api, path)).toBe(true);
    expect(api.log).toContainEqual(
      expect.objectContaining({ level: "warn", msg: expect.stringContaining("not listening") }),
    );
  });

  test("is not there at all with RATES_CACHE_MAX_BYTES=0, nor when it is larger than that", async () => {
    const { path } = freshDay();
    await using none = await testApi(database, { RATES_CACHE_MAX_BYTES: "0" });
    await using small = await testApi(database, { RATES_CACHE_MAX_BYTES: "100" });
    expect(await isKept(none, path)).toBe(false);
    expect(await isKept(small, path)).toBe(false);
  });
});

describe("a conditional request", () => {
  test("is 304 without a body while the answer is the same, and says the version", async () => {
    const { date, path } = freshDay();
    const first = await ask(api.port, path);
    expect(first.headers.etag).toMatch(/^"[\w-]{27}"$/);
    const tags = [first.headers.etag, `W/${first.headers.etag}`, `"other", ${first.headers.etag}`, "*"];
    for (const tag of tags) {
      const { status, body, headers } = await ask(api.port, path, { headers: { "If-None-Match": String(tag) } });
      expect([status, body, headers.etag, headers["x-data-version"]]).toEqual([
        304,
        "",
        first.headers.etag,
        first.headers["x-data-version"],
      ]);
    }
    const version = await insert(date);
    const headers = { "If-None-Match": String(first.headers.etag), "X-Data-Version": String(version) };
    expect(await ask(api.port, path, { headers })).toMatchObject({ status: 200 });
  });

  test("keeps its tag over a batch that changes other days", async () => {
    const { path } = freshDay();
    const before = await ask(api.port, path);
    const version = await insert(freshDay().date);
    const headers = { "If-None-Match": String(before.headers.etag), "X-Data-Version": String(version) };
    expect(await ask(api.port, path, { headers })).toMatchObject({
      status: 304,
      headers: { "x-data-version": String(version) },
    });
  });
});

describe("X-Data-Version", () => {
  test("that no batch has made yet is a 412 that names both versions", async () => {
    const { path } = freshDay();
    const { status, body } = await ask(api.port, path, { headers: { "X-Data-Version": "999999" } });
    expect(JSON.parse(body)).toMatchObject({
      type: "urn:rates:problem:older-data",
      detail: expect.stringMatching(/999999.*\d/),
    });
    expect(status).toBe(412);
  });

  test.each(["", "-1", "1.5", "abc", "1".repeat(16)])("%j is a 400 that names the header", async (given) => {
    const { status, body } = await ask(api.port, freshDay().path, { headers: { "X-Data-Version": given } });
    expect([status, JSON.parse(body).errors]).toEqual([
      400,
      [{ field: "X-Data-Version", value: given, reason: "must be a version that an answer carried" }],
    ]);
  });
});

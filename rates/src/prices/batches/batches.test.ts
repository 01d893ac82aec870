import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../../../tests/support/database";
import { until } from "../../../../tests/support/until";
import { type TestApi, testApi } from "../../../testing/api";
import { CSV_HEADER, csvOf, largeCsv, postBatch, sha256 } from "../../../testing/batches";
import { ask } from "../../../testing/http";
import { DIFFERENCES_SQL } from "../../../testing/rollup";
import { pricesOf } from "../../../testing/stored-prices";

let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await testDatabase("migrated");
  api = await testApi(database);
});

afterAll(async () => {
  await api?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

describe("POST /batches", () => {
  test("takes a batch whole: 201 with id, rows, checksum and time, and the version of the data it is in", async () => {
    const body = csvOf([
      ["CNGGZ", "EETLL", "2030-01-01", 100],
      ["CNGGZ", "EETLL", "2030-01-01", 200],
      ["CNGGZ", "EETLL", "2030-01-01", 600],
    ]);
    const { status, headers, json } = await postBatch(api.port, { body });
    expect([status, Object.keys(json)]).toEqual([201, ["batch_id", "rows", "checksum", "committed_at"]]);
    expect(json).toMatchObject({ rows: 3, checksum: sha256(body) });
    expect(Math.abs(Date.parse(json.committed_at) - Date.now())).toBeLessThan(60_000);
    expect(headers["location"]).toBe(`/batches/${json.batch_id}`);
    const [row] = await database.query<{ version: string }>("SELECT version::text FROM data_version");
    expect(headers["x-data-version"]).toBe(row?.version);
    const path = "/rates?date_from=2030-01-01&date_to=2030-01-01&orig_code=CNGGZ&dest_code=EETLL";
    const rates = await ask(api.port, path, { headers: { "X-Data-Version": String(headers["x-data-version"]) } });
    expect(JSON.parse(rates.body)).toEqual({ rates: [{ count: 3, day: "2030-01-01", price: 300 }] });
    expect(await database.query(DIFFERENCES_SQL)).toEqual([{ count: 0 }]);
  });

  test("a batch of many chunks goes through a spool file and is as exact as a small one", async () => {
    const body = largeCsv(400_000);
    const { status, json } = await postBatch(api.port, { body });
    expect([status, json.rows, json.checksum], JSON.stringify(json)).toEqual([201, 400_000, sha256(body)]);
    const [row] = await database.query(
      "SELECT count(*)::integer AS rows, sum(price)::text AS sum FROM raw_prices WHERE batch_id = $1",
      [json.batch_id],
    );
    expect(row).toEqual({ rows: 400_000, sum: String((400_000 * 399_999) / 2) });
    expect(await database.query(DIFFERENCES_SQL)).toEqual([{ count: 0 }]);
  });

  test("sums beyond what 32 bits hold are exact", async () => {
    const most = "CNGGZ,EETLL,2031-01-01,2147483647\n";
    const body = `${CSV_HEADER}\n${most.repeat(300_000)}`;
    for (let sent = 0; sent < 2; sent += 1) expect((await postBatch(api.port, { body })).status).toBe(201);
    const [row] = await database.query("SELECT count, sum::text FROM daily_rates WHERE day = '2031-01-01'");
    expect(row).toEqual({ count: 600_000, sum: String(600_000n * 2_147_483_647n) });
  });

  test("days of ten thousand years in one batch lie in their own months", async () => {
    const days = [
      "0001-01-01",
      "0004-02-29",
      "1582-10-10",
      "1999-12-31",
      "2000-01-01",
      "2000-02-29",
      "2100-03-01",
      "9999-12-31",
    ];
    const { json } = await postBatch(api.port, { body: csvOf(days.map((day) => ["CNGGZ", "EETLL", day, 1])) });
    expect((await pricesOf(database, json.batch_id)).map(({ day }) => day)).toEqual(days);
    expect(await database.query(DIFFERENCES_SQL)).toEqual([{ count: 0 }]);
  });

  test("lanes that were never seen are made, once, also by batches at the same time", async () => {
    const codes = await database.query<{ code: string }>("SELECT code FROM ports ORDER BY code LIMIT 12");
    const rows = codes.flatMap(({ code: orig }) => codes.map(({ code: dest }) => [orig, dest, "2032-01-01", 5]));
    const answers = await Promise.all(
      [rows, rows.toReversed(), rows].map((each) => postBatch(api.port, { body: csvOf(each) })),
    );
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    const [found] = await database.query(
      "SELECT count(*)::integer AS lanes, sum(count)::integer AS prices FROM daily_rates WHERE day = '2032-01-01'",
    );
    expect(found).toEqual({ lanes: 144, prices: 432 });
  });

  test("a matching digest of what is sent is accepted", async () => {
    const body = gzipSync(csvOf([["CNGGZ", "EETLL", "2034-01-01", 1]]));
    const digest = `sha-512=:AAAA:, sha-256=:${Buffer.from(sha256(body), "hex").toString("base64")}:`;
    const headers = { "Content-Encoding": "gzip", "Content-Digest": digest, "Repr-Digest": digest };
    expect((await postBatch(api.port, { body, headers })).status).toBe(201);
  });

  test("8 overlapping batches at once on the same lanes and days are all taken, none waits in a circle, and the sums are right", async () => {
    const rows = Array.from({ length: 3_000 }, (_, index) => [
      "CNGGZ",
      index % 2 ? "EETLL" : "SEGOT",
      `2035-${index % 3 ? "01" : "02"}-${String((index % 28) + 1).padStart(2, "0")}`,
      index,
    ]);
    const bodies = Array.from({ length: 8 }, (_, index) => csvOf(index % 2 ? rows : rows.toReversed()));
    await using other = await testApi(database);
    await using locker = await database.connect();
    // All of them have to be in their transactions before the first may merge.
    await locker.query("SELECT pg_advisory_lock(6604001)");
    const sent = bodies.map((body, index) => postBatch((index % 2 ? api : other).port, { body }));
    await until("eight batches at the merge", async () => {
      const sql =
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory' AND query LIKE '%xact_lock%'";
      return (await database.query(sql)).length === 8;
    });
    await locker.query("SELECT pg_advisory_unlock(6604001)");
    expect((await Promise.all(sent)).map(({ status }) => status)).toEqual(Array(8).fill(201));
    const [row] = await database.query(
      "SELECT sum(count)::integer AS rows, sum(sum)::text AS sum FROM daily_rates WHERE day BETWEEN '2035-01-01' AND '2035-12-31'",
    );
    expect(row).toEqual({ rows: 24_000, sum: String(8 * ((3_000 * 2_999) / 2)) });
    expect(await database.query(DIFFERENCES_SQL)).toEqual([{ count: 0 }]);
  });

  test("a table of lanes that was made anew is noticed: no price goes to the lane of an old id", async () => {
    await using own = await testDatabase("migrated");
    await using service = await testApi(own);
    const body = csvOf([["CNGGZ", "EETLL", "2040-01-01", 7]]);
    expect((await postBatch(service.port, { body })).status).toBe(201);
    await own.query(
      "TRUNCATE lanes, raw_prices, lane_months; INSERT INTO lanes (id, orig_code, dest_code) SELECT 1000000 - id, 'EETLL', code FROM (SELECT row_number() OVER () AS id, code FROM ports) p",
    );
    expect((await postBatch(service.port, { body })).status).toBe(201);
    expect(await own.query("SELECT orig_code, dest_code, price FROM prices")).toEqual([
      { orig_code: "CNGGZ", dest_code: "EETLL", price: 7 },
    ]);
  });
});

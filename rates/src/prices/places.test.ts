import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../../tests/support/database";
import { type TestApi, testApi } from "../../testing/api";
import { ask } from "../../testing/http";

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

const JANUARY = { date_from: "2021-01-01", date_to: "2021-01-31" };

async function answerTo(fields: Readonly<Record<string, string>>) {
  const { status, body } = await ask(api.port, `/rates?${new URLSearchParams({ ...JANUARY, ...fields })}`);
  return { status, ...JSON.parse(body) };
}

/** The same from the raw prices, with the ports of each side given by a condition on the path of their regions. */
const EXPECTED = `
  WITH RECURSIVE paths AS (
    SELECT code, parent_slug AS slug FROM ports
    UNION ALL SELECT code, parent_slug FROM paths JOIN regions USING (slug) WHERE parent_slug IS NOT NULL
  )
  SELECT to_char(days.day, 'YYYY-MM-DD') AS day, count::integer, CASE WHEN count >= 3 THEN price END::float8 AS price
  FROM (SELECT date '2021-01-31' - n AS day FROM generate_series(0, 30) n) AS days
  LEFT JOIN (
    SELECT day, avg(price) AS price, count(*) AS count FROM prices
    WHERE orig_code IN (SELECT $1 UNION SELECT code FROM paths WHERE slug = $1)
      AND dest_code IN (SELECT $2 UNION SELECT code FROM paths WHERE slug = $2)
    GROUP BY day
  ) AS totals USING (day) ORDER BY day DESC`;

describe("GET /rates between regions", () => {
  test.each<[string, Record<string, string>]>([
    ["two regions with regions below them", { origin: "china", destination: "northern_europe" }],
    ["a region without regions below it", { origin: "china_main", destination: "finland" }],
    ["a code to a region", { orig_code: "CNGGZ", destination: "baltic" }],
    ["a region to a code", { origin: "china", dest_code: "EETLL" }],
    ["a region to itself", { origin: "china", destination: "china" }],
  ])("%s: the mean over all prices of all ports, as the raw prices have it", async (_title, fields) => {
    const { rates } = await answerTo(fields);
    const [from, to] = [fields["origin"] ?? fields["orig_code"], fields["destination"] ?? fields["dest_code"]];
    const expected = await database.query<{ day: string; count: number | null; price: number | null }>(EXPECTED, [
      from,
      to,
    ]);
    expect(rates).toEqual(
      expected.map(({ day, count, price }) => ({
        day,
        count,
        price: price === null ? null : expect.closeTo(price, 9),
      })),
    );
  });

  test("a slug that no region has, and a code given as a slug, are places without prices", async () => {
    for (const origin of ["atlantis", "CNGGZ", "'; --", "CHINA"]) {
      const { rates } = await answerTo({ origin, dest_code: "EETLL" });
      expect(new Set(rates.map(({ count }: { count: number | null }) => count))).toEqual(new Set([null]));
    }
  });

  test("regions that are each other's parents come to an end", async () => {
    await using own = await testDatabase("migrated");
    await using service = await testApi(own);
    await own.query("UPDATE regions SET parent_slug = 'china_main' WHERE slug = 'china'");
    const path = `/rates?${new URLSearchParams({ ...JANUARY, origin: "china_main", dest_code: "EETLL" })}`;
    expect((await ask(service.port, path)).status).toBe(200);
  });

  test.each<[string, Record<string, string>, string, string | null, string]>([
    [
      "both for the origin",
      { orig_code: "CNGGZ", origin: "china", dest_code: "EETLL" },
      "origin",
      "china",
      "must not be given together with orig_code",
    ],
    [
      "both for the destination",
      { orig_code: "CNGGZ", dest_code: "EETLL", destination: "baltic" },
      "destination",
      "baltic",
      "must not be given together with dest_code",
    ],
    ["neither for the origin", { destination: "baltic" }, "orig_code", null, "is required"],
    ["neither for the destination", { origin: "china" }, "dest_code", null, "is required"],
    ["an empty slug", { origin: "", dest_code: "EETLL" }, "origin", "", "must not be empty"],
  ])("%s is a 400 that names the field", async (_title, fields, field, value, reason) => {
    expect(await answerTo(fields)).toMatchObject({ status: 400, errors: [{ field, value, reason }] });
  });
});

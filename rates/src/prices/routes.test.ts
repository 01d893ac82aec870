import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../../tests/support/database";
import { type TestApi, testApi } from "../../testing/api";
import { insertBatch } from "../../testing/batch";
import { ask } from "../../testing/http";

let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await testDatabase("migrated");
  api = await testApi(database, { RATES_MAX_DAYS: "400" });
});

afterAll(async () => {
  await api?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

const sound = { date_from: "2021-01-01", date_to: "2021-01-31", orig_code: "CNGGZ", dest_code: "EETLL" };

function ratesPath(fields: Readonly<Record<string, string>>): string {
  return `/rates?${new URLSearchParams(fields)}`;
}

interface Rate {
  readonly count: number | null;
  readonly day: string;
  readonly price: number | null;
}

async function ratesOf(fields: Readonly<Record<string, string>>): Promise<Rate[]> {
  const { status, body } = await ask(api.port, ratesPath(fields));
  expect(status).toBe(200);
  return JSON.parse(body).rates;
}

describe("GET /rates", () => {
  test("every day of the range is there, newest first, with the mean of the shipped prices to the last digit", async () => {
    const rates = await ratesOf(sound);
    expect(rates).toHaveLength(31);
    expect(rates[0]).toEqual({ count: 3, day: "2021-01-31", price: 1154.3333333333333 });
    expect(rates.at(-1)?.day).toBe("2021-01-01");
  });

  test("the keys of a day come in the documented order", async () => {
    const { body } = await ask(api.port, ratesPath({ ...sound, date_from: "2021-01-31" }));
    expect(body).toBe('{"rates":[{"count":3,"day":"2021-01-31","price":1154.3333333333333}]}');
  });

  test("a lane with days of many, few and no prices equals the task's query", async () => {
    const lane = { orig: "CNGGZ", dest: "EETLL" };
    await using own = await testDatabase("migrated");
    await using client = await own.connect();
    const prices = Array.from({ length: 13 }, (_, n) => ({
      origin: lane.orig,
      destination: lane.dest,
      day: ["2024-02-27", "2024-02-28", "2024-02-29"][Math.floor(n / 5)] ?? "",
      price: 2147483647 - n * n,
    }));
    await insertBatch(client, prices);
    await using service = await testApi(own);
    const range = { date_from: "2024-02-26", date_to: "2024-03-01" };
    const path = ratesPath({ ...range, orig_code: lane.orig, dest_code: lane.dest });
    const { rates } = JSON.parse((await ask(service.port, path)).body);
    const expected = await own.query<{ day: string; count: number | null; price: number | null }>(
      `SELECT to_char(d, 'YYYY-MM-DD') AS day, count, CASE WHEN count >= 3 THEN price END AS price
     FROM generate_series($3::timestamp, $4::timestamp, '1 day') d
     LEFT JOIN (SELECT day, avg(price)::float8 AS price, count(*)::int AS count FROM prices
                WHERE orig_code = $1 AND dest_code = $2 GROUP BY day) q ON q.day = d
     ORDER BY d DESC`,
      [lane.orig, lane.dest, range.date_from, range.date_to],
    );
    expect(rates.map(({ day, count }: Rate) => ({ day, count }))).toEqual(
      expected.map(({ day, count }) => ({ day, count })),
    );
    expect(expected.map(({ count }) => count)).toEqual([null, 3, 5, 5, null]);
    for (const [index, { price }] of expected.entries()) {
      if (price === null) expect(rates[index].price).toBeNull();
      else expect(Math.abs(rates[index].price / price - 1)).toBeLessThan(1e-9);
    }
  });

  describe("a code that no port has is a lane without prices", () => {
    test.each([
      ["unknown", "XXXXX"],
      ["SQL", "'; DROP TABLE prices; --"],
      ["a parameter's name", "$1"],
      ["other alphabets and emoji", "上海 🚢"],
      ["a lower-case code", "cnggz"],
      ["a percent sign", "%"],
      ["a line break", "CN\r\nGGZ"],
      ["a kilobyte", "x".repeat(1_000)],
    ])("%s", async (_name, code) => {
      const rates = await ratesOf({ ...sound, date_from: "2021-01-30", orig_code: code });
      expect(rates).toEqual([
        { count: null, day: "2021-01-31", price: null },
        { count: null, day: "2021-01-30", price: null },
      ]);
    });

    test("and the prices are all still there", async () => {
      const [row] = await database.query<{ count: number }>("SELECT count(*)::integer AS count FROM prices");
      expect(row?.count).toBeGreaterThanOrEqual(50_000);
    });
  });

  const VALID_DAY = "must be a calendar day as YYYY-MM-DD from year 0001 on";

  describe("a request that is not valid is a 400 that names the field, what was given, and why not", () => {
    test.each<[string, string, { field: string; value: unknown; reason: unknown }]>([
      ["no date_from", query({ date_from: null }), { field: "date_from", value: null, reason: "is required" }],
      ["no date_to", query({ date_to: null }), { field: "date_to", value: null, reason: "is required" }],
      ["no orig_code", query({ orig_code: null }), { field: "orig_code", value: null, reason: "is required" }],
      ["no dest_code", query({ dest_code: null }), { field: "dest_code", value: null, reason: "is required" }],
      ["empty date", query({ date_to: "" }), { field: "date_to", value: "", reason: "must not be empty" }],
      ["empty code", query({ dest_code: "" }), { field: "dest_code", value: "", reason: "must not be empty" }],
      [
        "code without =",
        `${query({ dest_code: null })}&dest_code`,
        { field: "dest_code", value: "", reason: "must not be empty" },
      ],
      [
        "the 30th of February",
        query({ date_from: "2021-02-30" }),
        { field: "date_from", value: "2021-02-30", reason: VALID_DAY },
      ],
      [
        "the 29th of February 2021",
        query({ date_from: "2021-02-29" }),
        { field: "date_from", value: "2021-02-29", reason: VALID_DAY },
      ],
      [
        "the 29th of February 1900",
        query({ date_from: "1900-02-29" }),
        { field: "date_from", value: "1900-02-29", reason: VALID_DAY },
      ],
      ["month 13", query({ date_to: "2021-13-01" }), { field: "date_to", value: "2021-13-01", reason: VALID_DAY }],
      ["day 0", query({ date_to: "2021-01-00" }), { field: "date_to", value: "2021-01-00", reason: VALID_DAY }],
      ["year 0", query({ date_from: "0000-01-01" }), { field: "date_from", value: "0000-01-01", reason: VALID_DAY }],
      [
        "a year of five digits",
        query({ date_to: "10000-01-01" }),
        { field: "date_to", value: "10000-01-01", reason: VALID_DAY },
      ],
      [
        "a negative year",
        query({ date_from: "-001-01-01" }),
        { field: "date_from", value: "-001-01-01", reason: VALID_DAY },
      ],
      [
        "a day without zeros",
        query({ date_from: "2021-1-1" }),
        { field: "date_from", value: "2021-1-1", reason: VALID_DAY },
      ],
      [
        "a day with time",
        query({ date_from: "2021-01-01T00:00" }),
        { field: "date_from", value: "2021-01-01T00:00", reason: VALID_DAY },
      ],
      [
        "a day in Arabic digits",
        query({ date_from: "٢٠٢١-٠١-٠١" }),
        { field: "date_from", value: "٢٠٢١-٠١-٠١", reason: VALID_DAY },
      ],
      [
        "a day with a space",
        query({ date_from: "2021-01-01 " }),
        { field: "date_from", value: "2021-01-01 ", reason: VALID_DAY },
      ],
      [
        "a line break after the day",
        query({ date_from: "2021-01-01\n" }),
        { field: "date_from", value: "2021-01-01\n", reason: VALID_DAY },
      ],
      ["words for days", query({ date_to: "today" }), { field: "date_to", value: "today", reason: VALID_DAY }],
      [
        "from after to",
        query({ date_from: "2021-02-01" }),
        { field: "date_from", value: "2021-02-01", reason: "must not be after date_to, which is 2021-01-31" },
      ],
      [
        "a day too many",
        query({ date_from: "2019-12-28", date_to: "2021-01-31" }),
        { field: "date_to", value: "2021-01-31", reason: expect.stringMatching(/at most 400 days, this one has 401/) },
      ],
      [
        "ten thousand years",
        query({ date_from: "0001-01-01", date_to: "9999-12-31" }),
        {
          field: "date_to",
          value: "9999-12-31",
          reason: expect.stringMatching(/at most 400 days, this one has 3652059/),
        },
      ],
      [
        "a repeated field",
        `${query({})}&orig_code=SEGOT`,
        { field: "orig_code", value: ["CNGGZ", "SEGOT"], reason: "must be given once" },
      ],
      [
        "a field repeated alike",
        `${query({})}&date_to=2021-01-31`,
        { field: "date_to", value: ["2021-01-31", "2021-01-31"], reason: "must be given once" },
      ],
      [
        "an unknown field",
        `${query({})}&currency=USD`,
        {
          field: "currency",
          value: "USD",
          reason: expect.stringContaining("is not a known field; known are date_from,"),
        },
      ],
      [
        "a field in capitals",
        `${query({})}&Date_From=2021-01-01`,
        { field: "Date_From", value: "2021-01-01", reason: expect.stringContaining("not a known field") },
      ],
      [
        "a nested field",
        `${query({})}&orig_code[x]=1`,
        { field: "orig_code[x]", value: "1", reason: expect.stringContaining("not a known field") },
      ],
      [
        "a prototype",
        `${query({})}&__proto__=1`,
        { field: "__proto__", value: "1", reason: expect.stringContaining("not a known field") },
      ],
      [
        "a field with a slash",
        `${query({})}&a~1b/c=1`,
        { field: "a~1b/c", value: "1", reason: expect.stringContaining("not a known field") },
      ],
      [
        "NUL in a code",
        `${query({ orig_code: null })}&orig_code=CN%00`,
        { field: "orig_code", value: "CN\0", reason: "must be text without NUL characters" },
      ],
      [
        "half an escape",
        `${query({ orig_code: null })}&orig_code=CN%4`,
        { field: "orig_code", value: "CN%4", reason: "must be percent-encoded UTF-8" },
      ],
      [
        "a lone surrogate",
        `${query({ orig_code: null })}&orig_code=%ED%A0%80`,
        { field: "orig_code", value: "%ED%A0%80", reason: "must be percent-encoded UTF-8" },
      ],
      [
        "Latin-1",
        `${query({ orig_code: null })}&orig_code=%E9`,
        { field: "orig_code", value: "%E9", reason: "must be percent-encoded UTF-8" },
      ],
    ])("%s", async (_name, path, error) => {
      const { status, headers, body } = await ask(api.port, path);
      const problem = JSON.parse(body);
      expect(problem.errors).toEqual([error]);
      expect(problem).toMatchObject({
        type: "urn:rates:problem:invalid-request",
        title: "Bad Request",
        status: 400,
        detail: `The request is not valid: see ${error.field}.`,
        instance: headers["x-request-id"],
      });
      expect([status, headers["content-type"]]).toEqual([400, "application/problem+json; charset=utf-8"]);
    });

    test("all of them at once, known fields in their order and then unknown ones", async () => {
      const { body } = await ask(api.port, "/rates?zzz=1&date_to=x&orig_code=");
      const fields = JSON.parse(body).errors.map(({ field }: { field: string }) => field);
      expect(fields).toEqual(["date_from", "date_to", "orig_code", "dest_code", "zzz"]);
    });

    test("a long value is shortened and a flood of fields is cut at a hundred", async () => {
      const long = JSON.parse((await ask(api.port, query({ date_to: "9".repeat(5_000) }))).body);
      expect(long.errors[0].value).toBe(`${"9".repeat(200)}...`);
      const flood = Array.from({ length: 900 }, (_, index) => `f${index}=1`).join("&");
      expect(JSON.parse((await ask(api.port, `/rates?${flood}`)).body).errors).toHaveLength(100);
    });
  });

  /** The sound request with some fields changed, or left out where null. */
  function query(changes: Readonly<Record<string, string | null>>): string {
    const fields = Object.entries({ ...sound, ...changes }).filter(
      (entry): entry is [string, string] => entry[1] !== null,
    );
    return ratesPath(Object.fromEntries(fields));
  }
});

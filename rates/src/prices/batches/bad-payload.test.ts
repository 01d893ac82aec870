import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../../../tests/support/database";
import { type TestApi, testApi } from "../../../testing/api";
import { CSV_HEADER, postBatch, type TestBatch } from "../../../testing/batches";

let database: TestDatabase;
let api: TestApi;
let before: unknown;

beforeAll(async () => {
  database = await testDatabase("migrated");
  api = await testApi(database, { BATCH_MAX_BYTES: "100000", BATCH_MAX_ROWS: "1000" });
  before = await contents();
});

afterAll(async () => {
  await api?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

/** Everything a batch may change. */
async function contents(): Promise<unknown> {
  const counts = ["raw_prices", "lane_months", "batches", "lanes"].map((table) => `(SELECT count(*) FROM ${table})`);
  return await database.query(`SELECT ${counts.join(" || '/' || ")} AS counts, version FROM data_version`);
}

type Expected = { row: number | null; field: string | null; value?: unknown; reason: string | RegExp };

async function expectRefused(batch: TestBatch, expected: readonly Expected[]): Promise<void> {
  const { status, json, headers } = await postBatch(api.port, batch);
  expect([status, headers["content-type"]], JSON.stringify(json)).toEqual([
    422,
    "application/problem+json; charset=utf-8",
  ]);
  expect(json).toMatchObject({ type: "urn:rates:problem:invalid-rows", total: expected.length });
  expect(json.errors).toEqual(
    expected.map(({ value = expect.anything(), reason, ...rest }) => ({
      ...rest,
      value,
      reason: typeof reason === "string" ? reason : expect.stringMatching(reason),
    })),
  );
  expect(await contents()).toEqual(before);
}

const sound = "CNGGZ,EETLL,2022-01-31,100";
const csv = (...rows: readonly string[]) => [CSV_HEADER, ...rows].join("\n").concat("\n");
const PORT = "must be the code of a known port";
const PRICE = "must be an integer from 0 to 2147483647 in plain digits";
const DAY = "must be a calendar day as YYYY-MM-DD from year 0001 on";

describe("a payload with anything wrong is a 422 that names row, field and value, and nothing of it is taken", () => {
  describe("rows of text/csv", () => {
    const one = (field: string, value: unknown, reason: string | RegExp): Expected[] => [
      { row: 2, field, value, reason },
    ];
    test.each<[string, string, Expected[]]>([
      ["unknown origin", "XXXXX,EETLL,2022-01-31,1", one("orig_code", "XXXXX", PORT)],
      ["unknown destination", "CNGGZ,XXXXX,2022-01-31,1", one("dest_code", "XXXXX", PORT)],
      ["a region for a port", "CNGGZ,baltic,2022-01-31,1", one("dest_code", "baltic", PORT)],
      ["a code in lower case", "cnggz,EETLL,2022-01-31,1", one("orig_code", "cnggz", PORT)],
      ["half a code", "CNGG,EETLL,2022-01-31,1", one("orig_code", "CNGG", PORT)],
      ["a code and more", "CNGGZZ,EETLL,2022-01-31,1", one("orig_code", "CNGGZZ", PORT)],
      ["a long code", `${"C".repeat(300)},EETLL,2022-01-31,1`, one("orig_code", `${"C".repeat(200)}...`, PORT)],
      ["a code with a space", " CNGGZ,EETLL,2022-01-31,1", one("orig_code", " CNGGZ", PORT)],
      ["no origin", ",EETLL,2022-01-31,1", one("orig_code", "", "must not be empty")],
      ["NUL in a code", "CN\0GZ,EETLL,2022-01-31,1", one("orig_code", "CN\0GZ", "must not contain NUL")],
      ["a negative price", "CNGGZ,EETLL,2022-01-31,-1", one("price", "-1", PRICE)],
      ["a price with a sign", "CNGGZ,EETLL,2022-01-31,+1", one("price", "+1", PRICE)],
      ["a price with decimals", "CNGGZ,EETLL,2022-01-31,1.5", one("price", "1.5", PRICE)],
      ["a price with an exponent", "CNGGZ,EETLL,2022-01-31,1e3", one("price", "1e3", PRICE)],
      ["a price beyond four bytes", "CNGGZ,EETLL,2022-01-31,2147483648", one("price", "2147483648", PRICE)],
      ["a price of forty digits", `CNGGZ,EETLL,2022-01-31,${"9".repeat(40)}`, one("price", "9".repeat(40), PRICE)],
      ["no price", "CNGGZ,EETLL,2022-01-31,", one("price", "", PRICE)],
      ["a price with a space", "CNGGZ,EETLL,2022-01-31,1 ", one("price", "1 ", PRICE)],
      ["NUL in a price", "CNGGZ,EETLL,2022-01-31,1\0", one("price", "1\0", PRICE)],
      ["a price in Arabic digits", "CNGGZ,EETLL,2022-01-31,١", one("price", "١", PRICE)],
      ["the 30th of February", "CNGGZ,EETLL,2022-02-30,1", one("day", "2022-02-30", DAY)],
      ["the 29th of February 2023", "CNGGZ,EETLL,2023-02-29,1", one("day", "2023-02-29", DAY)],
      ["the 29th of February 1900", "CNGGZ,EETLL,1900-02-29,1", one("day", "1900-02-29", DAY)],
      ["month 13", "CNGGZ,EETLL,2022-13-01,1", one("day", "2022-13-01", DAY)],
      ["month 0", "CNGGZ,EETLL,2022-00-01,1", one("day", "2022-00-01", DAY)],
      ["day 0", "CNGGZ,EETLL,2022-01-00,1", one("day", "2022-01-00", DAY)],
      ["year 0", "CNGGZ,EETLL,0000-01-01,1", one("day", "0000-01-01", DAY)],
      ["a day without zeros", "CNGGZ,EETLL,2022-1-1,1", one("day", "2022-1-1", DAY)],
      ["a day with slashes", "CNGGZ,EETLL,2022/01/01,1", one("day", "2022/01/01", DAY)],
      ["a day with time", "CNGGZ,EETLL,2022-01-01T00:00:00Z,1", one("day", "2022-01-01T00:00:00Z", DAY)],
      ["infinity for a day", "CNGGZ,EETLL,infinity,1", one("day", "infinity", DAY)],
      [
        "too few columns",
        "CNGGZ,EETLL,2022-01-31",
        [{ row: 2, field: null, value: "CNGGZ,EETLL,2022-01-31", reason: "must have 4 columns, this one has 3" }],
      ],
      [
        "too many columns",
        `${sound},USD`,
        [{ row: 2, field: null, value: `${sound},USD`, reason: "must have 4 columns, this one has 5" }],
      ],
      [
        "a comma at the end",
        `${sound},`,
        [{ row: 2, field: null, value: `${sound},`, reason: "must have 4 columns, this one has 5" }],
      ],
      [
        "another separator",
        sound.replaceAll(",", ";"),
        [{ row: 2, field: null, reason: "must have 4 columns, this one has 1" }],
      ],
      [
        "a quote that does not end",
        `"CNGGZ,EETLL,2022-01-31,1`,
        [{ row: 2, field: null, reason: /a quote that does not end on its line/ }],
      ],
      ["text behind a quote", `"CNGGZ"x,EETLL,2022-01-31,1`, [{ row: 2, field: null, reason: /text beside quotes/ }]],
      ["a quote within text", `CN"GGZ,EETLL,2022-01-31,1`, [{ row: 2, field: null, reason: /text beside quotes/ }]],
      [
        "every field at once",
        "A,B,C,D",
        [
          { row: 2, field: "orig_code", value: "A", reason: PORT },
          { row: 2, field: "dest_code", value: "B", reason: PORT },
          { row: 2, field: "day", value: "C", reason: DAY },
          { row: 2, field: "price", value: "D", reason: PRICE },
        ],
      ],
    ])("%s", async (_name, row, expected) => {
      await expectRefused({ body: csv(sound, row, sound) }, expected);
    });

    test("invalid UTF-8 is shown in hexadecimal digits", async () => {
      const body = Buffer.concat([
        Buffer.from(`${CSV_HEADER}\nCN`),
        Buffer.from([0xff, 0xfe]),
        Buffer.from(",EETLL,2022-01-31,1\n"),
      ]);
      await expectRefused({ body }, [{ row: 1, field: "orig_code", value: "bytes 434efffe", reason: "must be UTF-8" }]);
    });

    test("a line end in quotes is refused", async () => {
      const { status, json } = await postBatch(api.port, { body: csv(`"CN\nGGZ",EETLL,2022-01-31,1`) });
      expect([status, json.errors?.[0]?.row]).toEqual([422, 1]);
    });

    test("a row without end is refused before it fills the memory", async () => {
      const reason = "a row must be at most 4096 bytes";
      await expectRefused({ body: `${CSV_HEADER}\n${sound}\n${"x".repeat(80_000)}` }, [
        { row: 2, field: null, reason },
      ]);
      await expectRefused({ body: csv("x".repeat(5_000)) }, [{ row: 1, field: null, reason }]);
    });

    test("of many errors the first hundred are listed and all are counted", async () => {
      const { json } = await postBatch(api.port, { body: csv(...Array(250).fill("X,EETLL,2022-01-31,1"), sound) });
      expect([json.errors?.length, json.total, json.errors?.at(-1)?.row]).toEqual([100, 250, 100]);
    });

    test("a bad row a long way down is named by its number", async () => {
      await expectRefused({ body: csv(...Array(900).fill(sound), "CNGGZ,EETLL,2022-01-31,x") }, [
        { row: 901, field: "price", value: "x", reason: PRICE },
      ]);
    });
  });

  describe("the header row of text/csv", () => {
    const missing = (field: string): Expected => ({
      row: null,
      field,
      value: null,
      reason: "is missing in the header row",
    });
    const unknown = (name: string): Expected => ({
      row: null,
      field: name,
      value: name,
      reason: /is not a known column; known are orig_code,/,
    });
    test.each<[string, string | Buffer, Expected[]]>([
      ["nothing at all", "", [{ row: null, field: null, value: null, reason: /^the header row is missing/ }]],
      [
        "a header row alone",
        `${CSV_HEADER}\n`,
        [{ row: null, field: null, value: null, reason: "the payload has no rows" }],
      ],
      [
        "a header row without line end",
        CSV_HEADER,
        [{ row: null, field: null, value: null, reason: "the payload has no rows" }],
      ],
      [
        "empty lines alone",
        `${CSV_HEADER}\n\n\r\n`,
        [{ row: null, field: null, value: null, reason: "the payload has no rows" }],
      ],
      ["a column that is missing", "orig_code,dest_code,day\nx\n", [missing("price")]],
      [
        "a column twice",
        `${CSV_HEADER},day\nx\n`,
        [{ row: null, field: "day", value: "day", reason: "must be given once in the header row" }],
      ],
      ["a column that is unknown", `${CSV_HEADER},currency\nx\n`, [unknown("currency")]],
      ["a column in capitals", "Orig_Code,dest_code,day,price\nx\n", [unknown("Orig_Code"), missing("orig_code")]],
      [
        "no header row",
        `${sound}\n`,
        [
          ...["CNGGZ", "EETLL", "2022-01-31", "100"].map(unknown),
          ...["orig_code", "dest_code", "day", "price"].map(missing),
        ],
      ],
      ["an old Mac's line ends", `${CSV_HEADER}\r${sound}\r`, expect.anything() as never],
      [
        "a quote that does not end",
        `"orig_code,dest_code,day,price\n`,
        [{ row: null, field: null, reason: /a quote that does not end/ }],
      ],
      ["UTF-16", Buffer.from(`\ufeff${CSV_HEADER}\n${sound}\n`, "utf16le"), expect.anything() as never],
    ])("%s", async (_name, body, expected) => {
      if (Array.isArray(expected)) await expectRefused({ body }, expected);
      else expect((await postBatch(api.port, { body })).status).toBe(422);
    });
  });

  const row = { orig_code: "CNGGZ", dest_code: "EETLL", day: "2022-01-31", price: 100 };

  describe("rows of JSON, in an array and line by line", () => {
    const json = JSON.stringify(row);
    test.each<[string, string, Expected[]]>([
      ["unknown port", json.replace("CNGGZ", "XXXXX"), [{ row: 2, field: "orig_code", value: "XXXXX", reason: PORT }]],
      ["a negative price", json.replace("100", "-1"), [{ row: 2, field: "price", value: "-1", reason: PRICE }]],
      ["a price with decimals", json.replace("100", "1.0"), [{ row: 2, field: "price", value: "1.0", reason: PRICE }]],
      [
        "a price with an exponent",
        json.replace("100", "1e3"),
        [{ row: 2, field: "price", value: "1e3", reason: PRICE }],
      ],
      [
        "a price beyond four bytes",
        json.replace("100", "2147483648"),
        [{ row: 2, field: "price", value: "2147483648", reason: PRICE }],
      ],
      [
        "a price in quotes",
        json.replace("100", `"100"`),
        [{ row: 2, field: "price", value: "100", reason: "must be a number" }],
      ],
      [
        "no price but null",
        json.replace("100", "null"),
        [{ row: 2, field: "price", value: null, reason: "must be a number" }],
      ],
      [
        "a day that is a number",
        json.replace(`"2022-01-31"`, "20220131"),
        [{ row: 2, field: "day", value: 20_220_131, reason: "must be a string" }],
      ],
      [
        "a nested value",
        json.replace(`"CNGGZ"`, `{"code":"CNGGZ"}`),
        [{ row: 2, field: "orig_code", value: { code: "CNGGZ" }, reason: "must be a string" }],
      ],
      [
        "the 30th of February",
        json.replace("01-31", "02-30"),
        [{ row: 2, field: "day", value: "2022-02-30", reason: DAY }],
      ],
      [
        "an unknown key",
        json.replace("}", `,"currency":"USD"}`),
        [{ row: 2, field: "currency", value: "currency", reason: /is not a known key/ }],
      ],
      [
        "a key twice",
        json.replace("}", `,"price":100}`),
        [{ row: 2, field: "price", value: null, reason: "must be given once" }],
      ],
      [
        "a key twice, once escaped",
        json.replace("}", `,"\\u0070rice":100}`),
        [{ row: 2, field: "price", value: null, reason: "must be given once" }],
      ],
      [
        "a key that is missing",
        `{"orig_code":"CNGGZ","dest_code":"EETLL","day":"2022-01-31"}`,
        [{ row: 2, field: "price", value: null, reason: "is required" }],
      ],
      [
        "an empty object",
        "{}",
        ["orig_code", "dest_code", "day", "price"].map((field) => ({
          row: 2,
          field,
          value: null,
          reason: "is required",
        })),
      ],
      [
        "a prototype",
        json.replace("}", `,"__proto__":1}`),
        [{ row: 2, field: "__proto__", value: "__proto__", reason: /is not a known key/ }],
      ],
      ["a number for a row", "7", [{ row: 2, field: null, value: "7", reason: "must be an object" }]],
      ["null for a row", "null", [{ row: 2, field: null, value: "null", reason: "must be an object" }]],
      ["an array for a row", "[1]", [{ row: 2, field: null, value: "[1]", reason: "must be an object" }]],
      ["single quotes", "{'price':1}", [{ row: 2, field: null, reason: "is not valid JSON" }]],
      ["a comma too many", json.replace("}", ",}"), [{ row: 2, field: null, reason: "is not valid JSON" }]],
      [
        "a price with a leading zero",
        json.replace("100", "0100"),
        [{ row: 2, field: null, reason: "is not valid JSON" }],
      ],
      [
        "NUL in a code",
        json.replace("CNGGZ", "CN\\u0000GZ"),
        [{ row: 2, field: "orig_code", value: "CN\0GZ", reason: "must not contain NUL" }],
      ],
      ["half a character", json.replace("CNGGZ", "\\ud800"), [{ row: 2, field: "orig_code", reason: PORT }]],
    ])("%s", async (_name, bad, expected) => {
      const good = JSON.stringify(row);
      const expectAny = expected.map(({ value, ...rest }) => ({
        ...rest,
        value: value === undefined ? expect.anything() : value,
      }));
      await expectRefused({ type: "application/json", body: `[${good}, ${bad},\n${good}]` }, expectAny);
      await expectRefused({ type: "application/x-ndjson", body: `${good}\n${bad}\r\n\n${good}` }, expectAny);
    });

    test.each<[string, string, string, Expected[]]>([
      [
        "an empty body",
        "application/json",
        "",
        [
          {
            row: null,
            field: null,
            value: null,
            reason: "the payload ends where there must be an array, which begins with [",
          },
        ],
      ],
      [
        "an empty array",
        "application/json",
        "[]",
        [{ row: null, field: null, value: null, reason: "the payload has no rows" }],
      ],
      [
        "no lines",
        "application/x-ndjson",
        "\n\n",
        [{ row: null, field: null, value: null, reason: "the payload has no rows" }],
      ],
      [
        "an object for an array",
        "application/json",
        json,
        [{ row: null, field: null, reason: /there must be an array/ }],
      ],
      [
        "an array that does not end",
        "application/json",
        `[${json}`,
        [{ row: null, field: null, value: null, reason: "the payload ends where there must be , or ]" }],
      ],
      [
        "an array cut in a row",
        "application/json",
        `[${json},${json.slice(0, 30)}`,
        [{ row: null, field: null, reason: "the payload ends where there must be an object" }],
      ],
      [
        "a line cut short",
        "application/x-ndjson",
        `${json}\n${json.slice(0, 30)}`,
        [{ row: 2, field: null, reason: "is not valid JSON" }],
      ],
      [
        "a comma before the end",
        "application/json",
        `[${json},]`,
        [{ row: 2, field: null, reason: /there must be an object/ }],
      ],
      [
        "no comma between rows",
        "application/json",
        `[${json}${json}]`,
        [{ row: 2, field: null, reason: /there must be , or \]/ }],
      ],
      [
        "more after the array",
        "application/json",
        `[${json}]x`,
        [{ row: 2, field: null, reason: /there must be nothing after the array/ }],
      ],
      [
        "an array within the array",
        "application/json",
        `[[${json}]]`,
        [{ row: 1, field: null, reason: "must be an object" }],
      ],
      [
        "two objects on a line",
        "application/x-ndjson",
        `${json}${json}`,
        [{ row: 1, field: null, reason: "is not valid JSON" }],
      ],
      [
        "a row without end",
        "application/json",
        `[{"x":"${"x".repeat(80_000)}`,
        [{ row: 1, field: null, reason: "a row must be at most 4096 bytes" }],
      ],
      [
        "a line without end",
        "application/x-ndjson",
        `{"x":"${"x".repeat(80_000)}`,
        [{ row: 1, field: null, reason: "a row must be at most 4096 bytes" }],
      ],
    ])("%s", async (_name, type, body, expected) => {
      await expectRefused({ type, body }, expected);
    });

    test("invalid UTF-8", async () => {
      const body = Buffer.from(`[${JSON.stringify(row).replace("CNGGZ", "\xff")}]`, "latin1");
      await expectRefused({ type: "application/json", body }, [{ row: 1, field: null, reason: "must be UTF-8" }]);
    });
  });

  describe("gzip", () => {
    const packed = gzipSync(csv(sound));
    test.each<[string, Buffer]>([
      ["that is none", Buffer.from(csv(sound))],
      ["that is cut short", packed.subarray(0, packed.length - 9)],
      ["whose checksum is wrong", Buffer.concat([packed.subarray(0, -8), Buffer.alloc(4), packed.subarray(-4)])],
      ["that is empty", Buffer.alloc(0)],
    ])("%s", async (_name, body) => {
      const { status, json } = await postBatch(api.port, { body, headers: { "Content-Encoding": "gzip" } });
      expect([status, json.errors?.length], JSON.stringify(json)).toEqual([422, 1]);
      expect(await contents()).toEqual(before);
    });
  });
});

describe("a request that cannot be taken says why, and nothing of it is taken", () => {
  test.each<[string, TestBatch, number, RegExp]>([
    ["rows beyond the limit", { body: csv(...Array(1001).fill(sound)) }, 413, /at most 1000 rows \(BATCH_MAX_ROWS\)/],
    [
      "a gzip bomb",
      { body: gzipSync(`${CSV_HEADER}\n${"\n".repeat(50_000_000)}`), headers: { "Content-Encoding": "gzip" } },
      413,
      /at most 100000 bytes, decoded \(BATCH_MAX_BYTES\)/,
    ],
    ["empty lines beyond the limit", { body: `${CSV_HEADER}\n${"\n".repeat(200_000)}` }, 413, /BATCH_MAX_BYTES/],
    [
      "another type",
      { body: csv(sound), type: "text/plain" },
      415,
      /text\/plain is not taken; send one of text\/csv, /,
    ],
    ["a form", { body: "a=b", type: "application/x-www-form-urlencoded" }, 415, /send one of/],
    ["another character set", { body: csv(sound), type: "text/csv; charset=latin1" }, 415, /in UTF-8/],
    ["another encoding", { body: csv(sound), headers: { "Content-Encoding": "br" } }, 415, /send gzip or none/],
    ["an empty key", { body: csv(sound), key: "" }, 400, /see Idempotency-Key/],
    ["a key with a space", { body: csv(sound), key: "a b" }, 400, /see Idempotency-Key/],
    ["a key of 256 characters", { body: csv(sound), key: "k".repeat(256) }, 400, /see Idempotency-Key/],
    ["a key in Latin-1", { body: csv(sound), key: "clé" }, 400, /see Idempotency-Key/],
    [
      "a digest that is none",
      { body: csv(sound), headers: { "Content-Digest": "sha-256=abc" } },
      400,
      /see Content-Digest/,
    ],
    [
      "a digest of something else",
      { body: csv(sound), headers: { "Content-Digest": `sha-256=:${Buffer.alloc(32).toString("base64")}:` } },
      422,
      /but what arrived has sha-256=:/,
    ],
    [
      "the same as Repr-Digest",
      { body: csv(sound), headers: { "Repr-Digest": `sha-256=:${Buffer.alloc(32).toString("base64")}:` } },
      422,
      /Repr-Digest is/,
    ],
  ])("%s", async (_name, batch, status, detail) => {
    const answer = await postBatch(api.port, batch);
    expect([answer.status, answer.json.detail]).toEqual([status, expect.stringMatching(detail)]);
    expect(await contents()).toEqual(before);
  });
});

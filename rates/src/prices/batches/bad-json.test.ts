import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../../../tests/support/database";
import {
  DAY_REASON,
  type ExpectedError,
  PORT_REASON,
  PRICE_REASON,
  type RefusingApi,
  refusingApi,
} from "../../../testing/refused-batches";

let database: TestDatabase;
let api: RefusingApi;

beforeAll(async () => {
  database = await testDatabase("migrated");
  api = await refusingApi(database);
});

afterAll(async () => {
  await api?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

describe("a payload with anything wrong is a 422 that names row, field and value, and nothing of it is taken", () => {
  const row = { orig_code: "CNGGZ", dest_code: "EETLL", day: "2022-01-31", price: 100 };

  describe("rows of JSON, in an array and line by line", () => {
    const json = JSON.stringify(row);
    test.each<[string, string, ExpectedError[]]>([
      [
        "unknown port",
        json.replace("CNGGZ", "XXXXX"),
        [{ row: 2, field: "orig_code", value: "XXXXX", reason: PORT_REASON }],
      ],
      ["a negative price", json.replace("100", "-1"), [{ row: 2, field: "price", value: "-1", reason: PRICE_REASON }]],
      [
        "a price with decimals",
        json.replace("100", "1.0"),
        [{ row: 2, field: "price", value: "1.0", reason: PRICE_REASON }],
      ],
      [
        "a price with an exponent",
        json.replace("100", "1e3"),
        [{ row: 2, field: "price", value: "1e3", reason: PRICE_REASON }],
      ],
      [
        "a price beyond four bytes",
        json.replace("100", "2147483648"),
        [{ row: 2, field: "price", value: "2147483648", reason: PRICE_REASON }],
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
        [{ row: 2, field: "day", value: "2022-02-30", reason: DAY_REASON }],
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
      ["half a character", json.replace("CNGGZ", "\\ud800"), [{ row: 2, field: "orig_code", reason: PORT_REASON }]],
    ])("%s", async (_name, bad, expected) => {
      const good = JSON.stringify(row);
      const expectAny = expected.map(({ value, ...rest }) => ({
        ...rest,
        value: value === undefined ? expect.anything() : value,
      }));
      await api.expectRefused({ type: "application/json", body: `[${good}, ${bad},\n${good}]` }, expectAny);
      await api.expectRefused({ type: "application/x-ndjson", body: `${good}\n${bad}\r\n\n${good}` }, expectAny);
    });

    test.each<[string, string, string, ExpectedError[]]>([
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
      await api.expectRefused({ type, body }, expected);
    });

    test("invalid UTF-8", async () => {
      const body = Buffer.from(`[${JSON.stringify(row).replace("CNGGZ", "\xff")}]`, "latin1");
      await api.expectRefused({ type: "application/json", body }, [{ row: 1, field: null, reason: "must be UTF-8" }]);
    });
  });
});

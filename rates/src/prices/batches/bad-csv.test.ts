import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../../../tests/support/database";
import { CSV_HEADER, postBatch } from "../../../testing/batches";
import {
  csvLines,
  DAY_REASON,
  type ExpectedError,
  PORT_REASON,
  PRICE_REASON,
  type RefusingApi,
  refusingApi,
  SOUND_ROW,
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
  describe("rows of text/csv", () => {
    const one = (field: string, value: unknown, reason: string | RegExp): ExpectedError[] => [
      { row: 2, field, value, reason },
    ];
    test.each<[string, string, ExpectedError[]]>([
      ["unknown origin", "XXXXX,EETLL,2022-01-31,1", one("orig_code", "XXXXX", PORT_REASON)],
      ["unknown destination", "CNGGZ,XXXXX,2022-01-31,1", one("dest_code", "XXXXX", PORT_REASON)],
      ["a region for a port", "CNGGZ,baltic,2022-01-31,1", one("dest_code", "baltic", PORT_REASON)],
      ["a code in lower case", "cnggz,EETLL,2022-01-31,1", one("orig_code", "cnggz", PORT_REASON)],
      ["half a code", "CNGG,EETLL,2022-01-31,1", one("orig_code", "CNGG", PORT_REASON)],
      ["a code and more", "CNGGZZ,EETLL,2022-01-31,1", one("orig_code", "CNGGZZ", PORT_REASON)],
      ["a long code", `${"C".repeat(300)},EETLL,2022-01-31,1`, one("orig_code", `${"C".repeat(200)}...`, PORT_REASON)],
      ["a code with a space", " CNGGZ,EETLL,2022-01-31,1", one("orig_code", " CNGGZ", PORT_REASON)],
      ["no origin", ",EETLL,2022-01-31,1", one("orig_code", "", "must not be empty")],
      ["NUL in a code", "CN\0GZ,EETLL,2022-01-31,1", one("orig_code", "CN\0GZ", "must not contain NUL")],
      ["a negative price", "CNGGZ,EETLL,2022-01-31,-1", one("price", "-1", PRICE_REASON)],
      ["a price with a sign", "CNGGZ,EETLL,2022-01-31,+1", one("price", "+1", PRICE_REASON)],
      ["a price with decimals", "CNGGZ,EETLL,2022-01-31,1.5", one("price", "1.5", PRICE_REASON)],
      ["a price with an exponent", "CNGGZ,EETLL,2022-01-31,1e3", one("price", "1e3", PRICE_REASON)],
      ["a price beyond four bytes", "CNGGZ,EETLL,2022-01-31,2147483648", one("price", "2147483648", PRICE_REASON)],
      [
        "a price of forty digits",
        `CNGGZ,EETLL,2022-01-31,${"9".repeat(40)}`,
        one("price", "9".repeat(40), PRICE_REASON),
      ],
      ["no price", "CNGGZ,EETLL,2022-01-31,", one("price", "", PRICE_REASON)],
      ["a price with a space", "CNGGZ,EETLL,2022-01-31,1 ", one("price", "1 ", PRICE_REASON)],
      ["NUL in a price", "CNGGZ,EETLL,2022-01-31,1\0", one("price", "1\0", PRICE_REASON)],
      ["a price in Arabic digits", "CNGGZ,EETLL,2022-01-31,١", one("price", "١", PRICE_REASON)],
      ["the 30th of February", "CNGGZ,EETLL,2022-02-30,1", one("day", "2022-02-30", DAY_REASON)],
      ["the 29th of February 2023", "CNGGZ,EETLL,2023-02-29,1", one("day", "2023-02-29", DAY_REASON)],
      ["the 29th of February 1900", "CNGGZ,EETLL,1900-02-29,1", one("day", "1900-02-29", DAY_REASON)],
      ["month 13", "CNGGZ,EETLL,2022-13-01,1", one("day", "2022-13-01", DAY_REASON)],
      ["month 0", "CNGGZ,EETLL,2022-00-01,1", one("day", "2022-00-01", DAY_REASON)],
      ["day 0", "CNGGZ,EETLL,2022-01-00,1", one("day", "2022-01-00", DAY_REASON)],
      ["year 0", "CNGGZ,EETLL,0000-01-01,1", one("day", "0000-01-01", DAY_REASON)],
      ["a day without zeros", "CNGGZ,EETLL,2022-1-1,1", one("day", "2022-1-1", DAY_REASON)],
      ["a day with slashes", "CNGGZ,EETLL,2022/01/01,1", one("day", "2022/01/01", DAY_REASON)],
      ["a day with time", "CNGGZ,EETLL,2022-01-01T00:00:00Z,1", one("day", "2022-01-01T00:00:00Z", DAY_REASON)],
      ["infinity for a day", "CNGGZ,EETLL,infinity,1", one("day", "infinity", DAY_REASON)],
      [
        "too few columns",
        "CNGGZ,EETLL,2022-01-31",
        [{ row: 2, field: null, value: "CNGGZ,EETLL,2022-01-31", reason: "must have 4 columns, this one has 3" }],
      ],
      [
        "too many columns",
        `${SOUND_ROW},USD`,
        [{ row: 2, field: null, value: `${SOUND_ROW},USD`, reason: "must have 4 columns, this one has 5" }],
      ],
      [
        "a comma at the end",
        `${SOUND_ROW},`,
        [{ row: 2, field: null, value: `${SOUND_ROW},`, reason: "must have 4 columns, this one has 5" }],
      ],
      [
        "another separator",
        SOUND_ROW.replaceAll(",", ";"),
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
          { row: 2, field: "orig_code", value: "A", reason: PORT_REASON },
          { row: 2, field: "dest_code", value: "B", reason: PORT_REASON },
          { row: 2, field: "day", value: "C", reason: DAY_REASON },
          { row: 2, field: "price", value: "D", reason: PRICE_REASON },
        ],
      ],
    ])("%s", async (_name, row, expected) => {
      await api.expectRefused({ body: csvLines(SOUND_ROW, row, SOUND_ROW) }, expected);
    });

    test("invalid UTF-8 is shown in hexadecimal digits", async () => {
      const body = Buffer.concat([
        Buffer.from(`${CSV_HEADER}\nCN`),
        Buffer.from([0xff, 0xfe]),
        Buffer.from(",EETLL,2022-01-31,1\n"),
      ]);
      await api.expectRefused({ body }, [
        { row: 1, field: "orig_code", value: "bytes 434efffe", reason: "must be UTF-8" },
      ]);
    });

    test("a line end in quotes is refused", async () => {
      const { status, json } = await postBatch(api.port, { body: csvLines(`"CN\nGGZ",EETLL,2022-01-31,1`) });
      expect([status, json.errors?.[0]?.row]).toEqual([422, 1]);
    });

    test("a row without end is refused before it fills the memory", async () => {
      const reason = "a row must be at most 4096 bytes";
      await api.expectRefused({ body: `${CSV_HEADER}\n${SOUND_ROW}\n${"x".repeat(80_000)}` }, [
        { row: 2, field: null, reason },
      ]);
      await api.expectRefused({ body: csvLines("x".repeat(5_000)) }, [{ row: 1, field: null, reason }]);
    });

    test("of many errors the first hundred are listed and all are counted", async () => {
      const { json } = await postBatch(api.port, {
        body: csvLines(...Array(250).fill("X,EETLL,2022-01-31,1"), SOUND_ROW),
      });
      expect([json.errors?.length, json.total, json.errors?.at(-1)?.row]).toEqual([100, 250, 100]);
    });

    test("a bad row a long way down is named by its number", async () => {
      await api.expectRefused({ body: csvLines(...Array(900).fill(SOUND_ROW), "CNGGZ,EETLL,2022-01-31,x") }, [
        { row: 901, field: "price", value: "x", reason: PRICE_REASON },
      ]);
    });
  });

  describe("the header row of text/csv", () => {
    const missing = (field: string): ExpectedError => ({
      row: null,
      field,
      value: null,
      reason: "is missing in the header row",
    });
    const unknown = (name: string): ExpectedError => ({
      row: null,
      field: name,
      value: name,
      reason: /is not a known column; known are orig_code,/,
    });
    test.each<[string, string | Buffer, ExpectedError[]]>([
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
        `${SOUND_ROW}\n`,
        [
          ...["CNGGZ", "EETLL", "2022-01-31", "100"].map(unknown),
          ...["orig_code", "dest_code", "day", "price"].map(missing),
        ],
      ],
      ["an old Mac's line ends", `${CSV_HEADER}\r${SOUND_ROW}\r`, expect.anything() as never],
      [
        "a quote that does not end",
        `"orig_code,dest_code,day,price\n`,
        [{ row: null, field: null, reason: /a quote that does not end/ }],
      ],
      ["UTF-16", Buffer.from(`\ufeff${CSV_HEADER}\n${SOUND_ROW}\n`, "utf16le"), expect.anything() as never],
    ])("%s", async (_name, body, expected) => {
      if (Array.isArray(expected)) await api.expectRefused({ body }, expected);
      else expect((await postBatch(api.port, { body })).status).toBe(422);
    });
  });
});

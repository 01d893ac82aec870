import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../../../tests/support/database";
import { type TestApi, testApi } from "../../../testing/api";
import { CSV_HEADER, openBatch, postBatch, sha256 } from "../../../testing/batches";
import { pricesOf, type StoredPrice } from "../../../testing/stored-prices";

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

const first: StoredPrice = { orig_code: "CNGGZ", dest_code: "EETLL", day: "2022-02-28", price: 0 };
const second: StoredPrice = { orig_code: "EETLL", dest_code: "CNGGZ", day: "2024-02-29", price: 2_147_483_647 };

describe("a payload", () => {
  const lines = (rows: readonly object[], end: string) => rows.map((row) => JSON.stringify(row) + end).join("");
  const csv = (rows: readonly StoredPrice[], end = "\n") =>
    [
      CSV_HEADER,
      ...rows.map(({ orig_code, dest_code, day, price }) => `${orig_code},${dest_code},${day},${price}`),
    ].join(end) + end;

  describe("reads the same rows out of", () => {
    test.each<[string, string, string | Buffer, Record<string, string>?]>([
      ["CSV", "text/csv", csv([first, second])],
      ["CSV with a charset", "Text/CSV; header=present; charset=UTF-8", csv([first, second])],
      ["CSV with CR LF", "text/csv", csv([first, second], "\r\n")],
      ["CSV without a last line end", "text/csv", csv([first, second]).trimEnd()],
      ["CSV with a byte order mark", "text/csv", `\ufeff${csv([first, second])}`],
      ["CSV with empty lines", "text/csv", `${csv([first, second], "\n\n")}\r\n\n`],
      ["CSV with quotes", "text/csv", csv([first, second]).replaceAll(/[^,\n]+/g, '"$&"')],
      ["CSV with a quoted header", "text/csv", csv([first, second]).replace("day", '"day"')],
      [
        "CSV with columns in another order",
        "text/csv",
        "price,day,dest_code,orig_code\n0,2022-02-28,EETLL,CNGGZ\n2147483647,2024-02-29,CNGGZ,EETLL\n",
      ],
      ["CSV with leading zeros", "text/csv", csv([first, second]).replace(",0\n", ",00000000000000\n")],
      ["lines of JSON", "application/x-ndjson", lines([first, second], "\n")],
      ["lines of JSON with CR LF and empty ones", "application/x-ndjson", lines([first, second], " \r\n\r\n\n")],
      ["lines of JSON without a last line end", "application/x-ndjson", lines([first, second], "\n").trimEnd()],
      ["an array", "application/json", JSON.stringify([first, second])],
      ["an array with spaces", "application/json", `\ufeff \n${JSON.stringify([first, second], null, "\t")}\r\n`],
      [
        "an array with keys in another order",
        "application/json",
        JSON.stringify([first, second].map((row) => Object.fromEntries(Object.entries(row).reverse()))),
      ],
      [
        "an array with escapes",
        "application/json",
        JSON.stringify([first, second]).replaceAll("CNGGZ", "\\u0043NGGZ").replaceAll("price", "\\u0070rice"),
      ],
      ["gzip", "text/csv", gzipSync(csv([first, second])), { "Content-Encoding": "gzip" }],
      [
        "gzip in two members",
        "text/csv",
        Buffer.concat([gzipSync(csv([first])), gzipSync(csv([second]).slice(CSV_HEADER.length + 1))]),
        { "Content-Encoding": "GZIP" },
      ],
      [
        "lines of JSON in gzip",
        "application/x-ndjson",
        gzipSync(lines([first, second], "\n")),
        { "Content-Encoding": "gzip" },
      ],
    ])("%s", async (_name, type, body, headers = {}) => {
      const { status, json } = await postBatch(api.port, { type, body, headers });
      expect([status, json.rows], JSON.stringify(json)).toEqual([201, 2]);
      expect(await pricesOf(database, json.batch_id)).toEqual([first, second]);
    });
  });

  describe("takes rows that are cut anywhere between two pieces of the body", () => {
    const rows = [first, { ...second, price: 1234 }];
    const marked = (text: string) => Buffer.from(`\ufeff${text}`);
    test.each<[string, string, Buffer]>([
      ["CSV", "text/csv", marked(csv(rows, "\r\n").replace("CNGGZ", '"CNGGZ"'))],
      ["lines of JSON", "application/x-ndjson", marked(lines(rows, "\r\n"))],
      ["an array", "application/json", marked(JSON.stringify(rows, null, 1).replace("CNGGZ", "\\u0043NGGZ"))],
    ])("%s", async (_name, type, body) => {
      for (let at = 1; at < body.length; at += 1) {
        const { status, json } = await postInPieces([body.subarray(0, at), body.subarray(at)], type);
        expect([status, json.rows, json.checksum], `cut at ${at}: ${JSON.stringify(json)}`).toEqual([
          201,
          2,
          sha256(body),
        ]);
        expect(await pricesOf(database, json.batch_id)).toEqual(rows);
      }
    });

    test("also byte by byte", async () => {
      const body = marked(csv(rows));
      const pieces = Array.from(body, (byte) => Buffer.from([byte]));
      expect((await postInPieces(pieces, "text/csv")).json).toMatchObject({ rows: 2, checksum: sha256(body) });
    });
  });

  /** Sends every piece alone: each is in a chunk of its own, and is flushed before the next. */
  async function postInPieces(pieces: readonly Buffer[], type: string) {
    const sent = openBatch(api.port, { type });
    for (const piece of pieces) {
      await sent.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    sent.end();
    return await sent.answer();
  }
});

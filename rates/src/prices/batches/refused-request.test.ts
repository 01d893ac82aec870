import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../../../tests/support/database";
import { CSV_HEADER, postBatch, type TestBatch } from "../../../testing/batches";
import { csvLines, type RefusingApi, refusingApi, SOUND_ROW } from "../../../testing/refused-batches";

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

describe("a request that cannot be taken says why, and nothing of it is taken", () => {
  test.each<[string, TestBatch, number, RegExp]>([
    [
      "rows beyond the limit",
      { body: csvLines(...Array(1001).fill(SOUND_ROW)) },
      413,
      /at most 1000 rows \(BATCH_MAX_ROWS\)/,
    ],
    [
      "a gzip bomb",
      { body: gzipSync(`${CSV_HEADER}\n${"\n".repeat(50_000_000)}`), headers: { "Content-Encoding": "gzip" } },
      413,
      /at most 100000 bytes, decoded \(BATCH_MAX_BYTES\)/,
    ],
    ["empty lines beyond the limit", { body: `${CSV_HEADER}\n${"\n".repeat(200_000)}` }, 413, /BATCH_MAX_BYTES/],
    [
      "another type",
      { body: csvLines(SOUND_ROW), type: "text/plain" },
      415,
      /text\/plain is not taken; send one of text\/csv, /,
    ],
    ["a form", { body: "a=b", type: "application/x-www-form-urlencoded" }, 415, /send one of/],
    ["another character set", { body: csvLines(SOUND_ROW), type: "text/csv; charset=latin1" }, 415, /in UTF-8/],
    [
      "another encoding",
      { body: csvLines(SOUND_ROW), headers: { "Content-Encoding": "br" } },
      415,
      /send gzip or none/,
    ],
    ["an empty key", { body: csvLines(SOUND_ROW), key: "" }, 400, /see Idempotency-Key/],
    ["a key with a space", { body: csvLines(SOUND_ROW), key: "a b" }, 400, /see Idempotency-Key/],
    ["a key of 256 characters", { body: csvLines(SOUND_ROW), key: "k".repeat(256) }, 400, /see Idempotency-Key/],
    ["a key in Latin-1", { body: csvLines(SOUND_ROW), key: "clé" }, 400, /see Idempotency-Key/],
    [
      "a digest that is none",
      { body: csvLines(SOUND_ROW), headers: { "Content-Digest": "sha-256=abc" } },
      400,
      /see Content-Digest/,
    ],
    [
      "a digest of something else",
      { body: csvLines(SOUND_ROW), headers: { "Content-Digest": `sha-256=:${Buffer.alloc(32).toString("base64")}:` } },
      422,
      /but what arrived has sha-256=:/,
    ],
    [
      "the same as Repr-Digest",
      { body: csvLines(SOUND_ROW), headers: { "Repr-Digest": `sha-256=:${Buffer.alloc(32).toString("base64")}:` } },
      422,
      /Repr-Digest is/,
    ],
  ])("%s", async (_name, batch, status, detail) => {
    const answer = await postBatch(api.port, batch);
    expect([answer.status, answer.json.detail]).toEqual([status, expect.stringMatching(detail)]);
    await api.expectUnchanged();
  });
});

describe("gzip that cannot be read is a 422, and nothing of it is taken:", () => {
  const packed = gzipSync(csvLines(SOUND_ROW));
  test.each<[string, Buffer]>([
    ["that is none", Buffer.from(csvLines(SOUND_ROW))],
    ["that is cut short", packed.subarray(0, packed.length - 9)],
    ["whose checksum is wrong", Buffer.concat([packed.subarray(0, -8), Buffer.alloc(4), packed.subarray(-4)])],
    ["that is empty", Buffer.alloc(0)],
  ])("%s", async (_name, body) => {
    const { status, json } = await postBatch(api.port, { body, headers: { "Content-Encoding": "gzip" } });
    expect([status, json.errors?.length], JSON.stringify(json)).toEqual([422, 1]);
    await api.expectUnchanged();
  });
});

import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../../../tests/support/database";
import { type TestApi, testApi } from "../../../testing/api";
import { csvOf, postBatch } from "../../../testing/batches";
import { ask } from "../../../testing/http";

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

describe("GET /batches", () => {
  test("lists committed batches, the newest first, page by page", async () => {
    const ids = [];
    for (let index = 0; index < 3; index += 1) {
      const { json } = await postBatch(api.port, {
        body: csvOf([["CNGGZ", "EETLL", "2042-01-01", index]]),
        key: `page-${randomBytes(4).toString("hex")}`,
      });
      ids.unshift(json.batch_id);
    }
    const page = JSON.parse((await ask(api.port, "/batches?limit=2")).body).batches;
    expect(page.map(({ batch_id }: { batch_id: number }) => batch_id)).toEqual(ids.slice(0, 2));
    const [next] = JSON.parse((await ask(api.port, `/batches?limit=1&before=${ids[1]}`)).body).batches;
    expect(next).toEqual({
      batch_id: ids[2],
      rows: 1,
      checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
      committed_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      idempotency_key: expect.stringMatching(/^page-/),
      data_version: expect.any(Number),
    });
    expect(JSON.parse((await ask(api.port, `/batches/${ids[2]}`)).body)).toEqual(next);
  });

  test.each([
    ["/batches/999999999", 404, "There is no batch 999999999."],
    ["/batches/first", 400, "The request is not valid: see id."],
    ["/batches?limit=0", 400, "The request is not valid: see limit."],
    ["/batches?limit=1001", 400, "The request is not valid: see limit."],
    ["/batches?before=-1", 400, "The request is not valid: see before."],
    ["/batches?order=up", 400, "The request is not valid: see order."],
  ])("%s is a %i", async (path, status, detail) => {
    const answer = await ask(api.port, path);
    expect([answer.status, JSON.parse(answer.body).detail]).toEqual([status, detail]);
  });
});

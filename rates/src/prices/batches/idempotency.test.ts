import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../../../tests/support/database";
import { until } from "../../../../tests/support/until";
import { type TestApi, testApi } from "../../../testing/api";
import { csvOf, freshKey, postBatch } from "../../../testing/batches";
import { ask } from "../../../testing/http";
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

describe("an idempotency key is bound by a commit, and by nothing else", () => {
  const body = csvOf([["CNGGZ", "EETLL", "2033-01-01", 1]]);

  test("the same payload again is the same answer, marked as a replay, and nothing more is taken", async () => {
    const key = freshKey();
    const once = await postBatch(api.port, { body, key });
    const again = await postBatch(api.port, { body: gzipSync(body), key, headers: { "Content-Encoding": "gzip" } });
    expect([again.status, again.body]).toEqual([201, once.body]);
    expect([once.headers["idempotent-replay"], again.headers["idempotent-replay"]]).toEqual([undefined, "true"]);
    expect(again.headers["x-data-version"]).toBe(once.headers["x-data-version"]);
    expect(await pricesOf(database, once.json.batch_id)).toHaveLength(1);
  });

  test("another payload under the same key is a 422", async () => {
    const key = freshKey();
    await postBatch(api.port, { body, key });
    const other = await postBatch(api.port, { body: body.replace(",1\n", ",2\n"), key });
    expect([other.status, other.json.type]).toEqual([422, "urn:rates:problem:idempotency-key-reused"]);
  });

  test("a refused payload leaves its key free", async () => {
    const key = freshKey();
    expect((await postBatch(api.port, { body: `${body}x`, key })).status).toBe(422);
    expect((await postBatch(api.port, { body, key })).status).toBe(201);
  });

  test("without a key the answer is 400", async () => {
    const { status, body: text } = await ask(api.port, "/batches", {
      method: "POST",
      headers: { "Content-Type": "text/csv" },
      body,
    });
    expect([status, JSON.parse(text).errors]).toEqual([
      400,
      [{ field: "Idempotency-Key", value: null, reason: "is required" }],
    ]);
  });

  test("64 clients with one key at once: one batch; while it runs the others are a 409, and then all get its answer", async () => {
    await using other = await testApi(database);
    await using locker = await database.connect();
    const key = freshKey();
    await locker.query("SELECT pg_advisory_lock(6604001)");
    const refused: string[] = [];
    const clients = Array.from({ length: 64 }, async (_, index) => {
      for (;;) {
        const answer = await postBatch((index % 2 ? api : other).port, { body, key });
        if (answer.status !== 409) return answer;
        expect([answer.json.type, answer.headers["retry-after"]]).toEqual(["urn:rates:problem:batch-running", "1"]);
        refused.push(answer.body);
        await delay(50);
      }
    });
    // One client of each process is in; the second one's transaction waits for the first one's key.
    await until("62 refusals", async () => refused.length >= 62);
    await locker.query("SELECT pg_advisory_unlock(6604001)");
    const answers = await Promise.all(clients);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map((answer) => answer.body)).size).toBe(1);
    expect(new Set(answers.map(({ headers }) => headers["x-data-version"])).size).toBe(1);
    expect(answers.filter(({ headers }) => headers["idempotent-replay"] === undefined)).toHaveLength(1);
    const count = "SELECT count(*)::integer AS count FROM batches WHERE idempotency_key = $1";
    expect(await database.query(count, [key])).toEqual([{ count: 1 }]);
    expect(await pricesOf(database, answers[0]?.json.batch_id ?? 0)).toHaveLength(1);
  });

  test("two processes with one key at once: one batch, the other answers with it", async () => {
    await using other = await testApi(database);
    for (let round = 0; round < 10; round += 1) {
      const key = freshKey();
      const answers = await Promise.all([api, other].map(({ port }) => postBatch(port, { body, key })));
      expect(answers.map(({ status }) => status)).toEqual([201, 201]);
      expect(answers[0]?.body).toBe(answers[1]?.body);
      expect(answers.filter(({ headers }) => headers["idempotent-replay"] === "true")).toHaveLength(1);
    }
  });

  test("two processes with one key and two payloads at once: one batch, the other is a 422", async () => {
    await using other = await testApi(database);
    const key = freshKey();
    const answers = await Promise.all(
      [api, other].map(({ port }) => postBatch(port, { body: body.replace(",1\n", `,${port}\n`), key })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 422]);
  });
});

import { createHash } from "node:crypto";
import { connect } from "node:net";
import { Check } from "typebox/value";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../../tests/support/database";
import { until } from "../../../tests/support/until";
import { type TestApi, testApi } from "../../testing/api";
import { EVENT_DIFFERENCES_SQL, pushEvents } from "../../testing/events";
import { ask } from "../../testing/http";
import { NOT_STORED_RESPONSE, PushAnswerSchema } from "./push-schema";

let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await testDatabase("migrated");
  api = await testApi(database, { EVENTS_MAX_PER_REQUEST: "50", EVENTS_MAX_BYTES: "2000000" });
});

afterAll(async () => {
  expect(await database.query(EVENT_DIFFERENCES_SQL)).toEqual([]);
  await api?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

async function get(path: string) {
  const { status, body, headers } = await ask(api.port, path);
  return { status, headers, json: JSON.parse(body) };
}

const listed = async (clientId: string) => (await get(`/api/events?clientId=${clientId}`)).json.events;

describe("POST /api/events", () => {
  test("takes the examples of the contract, and the same event again is a duplicate with the first one's id", async () => {
    const nested = { source: "client_A", payload: { metric: "purchase", amount: "1200", timestamp: "2024/01/01" } };
    const flat = { client_id: "client_B", event_type: "click", value: 500, date: "2024-01-15T10:30:00Z" };
    const first = await pushEvents(api.port, nested);
    expect([first.status, first.json]).toEqual([
      200,
      {
        success: true,
        processed: 1,
        failed: 0,
        results: [{ success: true, eventId: expect.any(String), isDuplicate: false, error: null }],
      },
    ]);
    const both = await pushEvents(api.port, [flat, nested]);
    expect([both.status, both.json.processed, both.json.failed]).toEqual([200, 2, 0]);
    expect(Check(PushAnswerSchema, both.json)).toBe(true);
    expect(both.json.results.map(({ isDuplicate }) => isDuplicate)).toEqual([false, true]);
    expect(both.json.results[1]?.eventId).toBe(first.json.results[0]?.eventId);
    expect(await listed("client_A")).toEqual([
      {
        _id: first.json.results[0]?.eventId,
        clientId: "client_A",
        metric: "purchase",
        amount: 1200,
        timestamp: "2024-01-01T00:00:00.000Z",
        eventHash: createHash("sha256").update("client_A|purchase|1200|2024-01-01T00:00:00.000Z").digest("hex"),
        status: "processed",
        rejectionReason: null,
        originalPayload: nested,
        processedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      },
    ]);
  });

  test("settles what it can: rejected events are listed, kept and not counted, and are duplicates when sent again", async () => {
    const good = { source: "mixed", amount: 5, ts: "2024-03-01" };
    const bad = { source: "mixed", amount: "lots", ts: "2024-03-01" };
    const { status, json } = await pushEvents(api.port, [good, bad, good, { amount: 1 }]);
    expect([status, json.success, json.processed, json.failed]).toEqual([200, true, 2, 2]);
    expect(json.results.map(({ success, isDuplicate }) => [success, isDuplicate])).toEqual([
      [true, false],
      [false, false],
      [true, true],
      [false, false],
    ]);
    expect(json.results[1]?.error).toMatch(/^amount is "lots"/);
    const again = await pushEvents(api.port, bad);
    expect(again.json.results).toEqual([{ ...json.results[1], isDuplicate: true }]);
    const rows = await listed("mixed");
    expect(rows.map(({ status, amount }: { status: string; amount: number }) => [status, amount]).sort()).toEqual([
      ["processed", 5],
      ["rejected", null],
    ]);
    expect((await get("/api/aggregation?clientId=mixed")).json).toMatchObject({
      aggregation: { totalAmount: 5, totalCount: 1 },
      statistics: { totalProcessed: 1, rejected: 1, failed: 0 },
    });
  });

  test("knows an event by its own id, then by the request's key, then by its content", async () => {
    const event = { source: "keys", amount: 1, ts: "2024-03-02" };
    const results = [];
    for (const [sent, headers] of [
      [{ ...event, eventId: "x1" }, {}],
      [{ ...event, eventId: "x1", amount: 2 }, { "Idempotency-Key": "k0" }],
      [event, { "Idempotency-Key": "k1" }],
      [{ ...event, amount: 3 }, { "Idempotency-Key": "k1" }],
      [event, {}],
      [event, { "Idempotency-Key": "k2" }],
    ] as const) {
      results.push(...(await pushEvents(api.port, sent, { headers })).json.results);
    }
    expect(results.map(({ isDuplicate }) => isDuplicate)).toEqual([false, true, false, true, false, false]);
  });

  test("with simulateFailure fails in the middle of the write: 503, a failed row, and the retry is processed once", async () => {
    const events = [1, 2].map((amount) => ({ source: "failing", metric: "m", amount, ts: "2024-03-03T10:00:00Z" }));
    const failing = await pushEvents(api.port, events, { query: "?simulateFailure=true" });
    expect([failing.status, failing.headers["content-type"], failing.headers["retry-after"]]).toEqual([
      503,
      "application/problem+json; charset=utf-8",
      "1",
    ]);
    expect(failing.json).toMatchObject({
      success: false,
      processed: 0,
      failed: 2,
      type: "urn:rates:problem:events-failed",
    });
    expect(failing.json.results[0]?.error).toMatch(/SQLSTATE 22012/);
    expect(Check(NOT_STORED_RESPONSE.content["application/problem+json"].schema, failing.json)).toBe(true);
    const statistics = async () => (await get("/api/aggregation?clientId=failing")).json;
    expect(await statistics()).toMatchObject({
      aggregation: { totalAmount: 0, totalCount: 0, averageAmount: null },
      statistics: { totalProcessed: 0, rejected: 0, failed: 2 },
    });
    const retries = await Promise.all([1, 2, 3, 4].map(() => pushEvents(api.port, events)));
    const results = retries.flatMap(({ json }) => json.results);
    expect(results.map(({ success }) => success)).toEqual(Array(8).fill(true));
    expect(results.filter(({ isDuplicate }) => !isDuplicate)).toHaveLength(2);
    expect(new Set(results.map(({ eventId }) => eventId))).toEqual(
      new Set(failing.json.results.map(({ eventId }) => eventId)),
    );
    expect(await statistics()).toMatchObject({
      aggregation: { totalAmount: 3, totalCount: 2 },
      statistics: { totalProcessed: 2, rejected: 0, failed: 0 },
    });
    const after = await pushEvents(api.port, events, { query: "?simulateFailure=true" });
    expect([after.status, after.json.failed]).toEqual([503, 2]);
    expect(await statistics()).toMatchObject({ statistics: { totalProcessed: 2, failed: 0 } });
  });

  test("keeps what PostgreSQL would refuse, and gives it back", async () => {
    const odd = '{"source":"odd","amount":1,"note":"a\\u0000b","half":"\\ud800"}';
    const deep = `{"source":"odd","amount":2,"x":${"[".repeat(200)}${"]".repeat(200)}}`;
    const large = JSON.stringify({ source: "odd", amount: 3, x: "é".repeat(500_000) });
    const control = '{"source":"odd","amount":4,"metric":"a\\u0001\\tb","x":"\\u001f"}';
    const sent = [odd, deep, large, control];
    for (const each of sent) expect((await pushEvents(api.port, each)).json).toMatchObject({ processed: 1, failed: 0 });
    const rows: { amount: number; originalPayload: { $escaped?: string } }[] = await listed("odd");
    const kept = rows
      .sort((one, other) => one.amount - other.amount)
      .map(({ originalPayload: payload }) => payload.$escaped ?? JSON.stringify(payload));
    expect(kept.map((text) => JSON.stringify(JSON.parse(text)))).toEqual(
      sent.map((text) => JSON.stringify(JSON.parse(text))),
    );
    expect(rows.map(({ originalPayload }) => "$escaped" in originalPayload)).toEqual([true, true, false, false]);
    expect(await database.query("SELECT count(payload::jsonb) FROM events WHERE client_id = 'odd'")).toEqual([
      { count: "4" },
    ]);
  });

  test("of nothing is settled at once", async () => {
    expect((await pushEvents(api.port, [])).json).toEqual({ success: true, processed: 0, failed: 0, results: [] });
  });

  test.each<[string, string | Buffer, Record<string, string>, number, RegExp]>([
    ["no JSON", "{", {}, 400, /see body\[0\]/],
    ["an empty body", "", {}, 400, /body/i],
    ["bytes that are no UTF-8", Buffer.from([0x7b, 0xff]), {}, 400, /UTF-8/],
    ["too many events", JSON.stringify(Array(51).fill({})), {}, 413, /at most 50 events \(EVENTS_MAX_PER_REQUEST\)/],
    ["too many bytes", " ".repeat(2_000_001), {}, 413, /at most 2000000 bytes \(EVENTS_MAX_BYTES\)/],
    [
      "another type",
      "{}",
      { "Content-Type": "text/plain" },
      415,
      /Content-Type text\/plain is not taken; send application\/json/,
    ],
    ["another character set", "{}", { "Content-Type": "application/json; charset=latin1" }, 415, /latin1 is not taken/],
    ["a compressed body", "{}", { "Content-Encoding": "gzip" }, 415, /gzip is not taken/],
    ["a key that is none", "{}", { "Idempotency-Key": "a b" }, 400, /idempotency-key/i],
  ])("with %s is refused whole", async (_name, body, headers, expected, detail) => {
    const { status, json, headers: answered } = await pushEvents(api.port, body, { headers });
    expect([status, answered["content-type"]]).toEqual([expected, "application/problem+json; charset=utf-8"]);
    expect(json.detail).toMatch(detail);
  });

  test("refuses unknown query fields, and a simulateFailure that is neither true nor false", async () => {
    const { status, json } = await pushEvents(api.port, {}, { query: "?simulateFailure=1&dryRun=true" });
    expect([status, json.errors?.map(({ field }) => field)]).toEqual([400, ["simulateFailure", "dryRun"]]);
  });

  test("under JSON's other names is taken as well", async () => {
    const headers = { "Content-Type": "application/cloudevents+json; charset=UTF-8" };
    expect((await pushEvents(api.port, { source: "plus", amount: 1 }, { headers })).status).toBe(200);
  });
});

describe("64 clients that send one event at once", () => {
  test.each<[string, number]>([
    ["over one process", 1],
    ["over two", 2],
  ])("%s make one row: 64 successes, 63 of them duplicates with the first one's id", async (name, processes) => {
    await using second = await testApi(database);
    const event = { source: `race ${name}`, metric: "m", amount: 7, ts: "2024-04-01" };
    const ports = [api.port, second.port].slice(0, processes);
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, index) => pushEvents(ports[index % processes] ?? 0, event)),
    );
    const results = answers.flatMap(({ json }) => json.results);
    expect(answers.map(({ status }) => status)).toEqual(Array(64).fill(200));
    expect(results.map(({ success }) => success)).toEqual(Array(64).fill(true));
    expect(results.filter(({ isDuplicate }) => isDuplicate)).toHaveLength(63);
    expect(new Set(results.map(({ eventId }) => eventId)).size).toBe(1);
    expect(await database.query("SELECT count(*) FROM events WHERE client_id = $1", [event.source])).toEqual([
      { count: "1" },
    ]);
  });
});

test("bytes on their way are bounded: 429 beyond, and room again once a client has gone away half way", async () => {
  await using bounded = await testApi(database, { EVENTS_MAX_WAITING_BYTES: "1000" });
  const head =
    "POST /api/events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{";
  const slow = connect({ host: "127.0.0.1", port: bounded.port });
  slow.write(head);
  const event = { source: "bounded", amount: 1 };
  await until("a refusal", async () => (await pushEvents(bounded.port, event)).status === 429);
  const { headers, json } = await pushEvents(bounded.port, event);
  expect([headers["retry-after"], json.detail]).toEqual([
    "1",
    expect.stringMatching(
      /^5000 bytes are on their way, of at most 1000 \(EVENTS_MAX_WAITING_BYTES\); nothing of this/,
    ),
  ]);
  slow.destroy();
  await until("room", async () => (await pushEvents(bounded.port, event)).status === 200);
});

describe("when the database is away", () => {
  const nowhere = { url: "postgres://rates@127.0.0.1:1/rates", passwordFile: "/dev/null" };

  test("events are refused with 503, nothing is claimed, and the client is told to come again", async () => {
    await using away = await testApi(nowhere);
    for (const query of ["", "?simulateFailure=true"]) {
      const { status, headers, json } = await pushEvents(away.port, { source: "a", amount: 1 }, { query });
      expect([status, headers["retry-after"], json.type]).toEqual([503, "1", "urn:rates:problem:database-unavailable"]);
      expect(json).not.toHaveProperty("success");
    }
    for (const path of ["/api/events", "/api/aggregation"]) expect((await ask(away.port, path)).status).toBe(503);
  });
});

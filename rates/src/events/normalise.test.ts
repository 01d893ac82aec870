import { createHash } from "node:crypto";
import { anything, assert, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_FIELDS } from "./fields";
import { normaliser } from "./normalise";
import { rawEventsOf } from "./raw-events";

const RECEIVED = "2026-01-02T03:04:05.678Z";
const normalise = normaliser(DEFAULT_FIELDS);

function eventsIn(body: string, key?: string) {
  return rawEventsOf(Buffer.from(body), 10_000).map((raw, index) =>
    normalise(raw, { id: `id-${index}`, receivedAt: RECEIVED, key, index }),
  );
}

function eventIn(event: unknown, key?: string) {
  const [found] = eventsIn(typeof event === "string" ? event : JSON.stringify(event), key);
  if (found === undefined) throw new Error("no event");
  return found;
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe("an event", () => {
  test.each<[string, unknown]>([
    ["nested", { source: "a", payload: { metric: "m", amount: "1,200", timestamp: "2024/01/01" } }],
    ["flat", { client_id: "a", event_type: "m", value: 1200, date: "2024-01-01T00:00:00Z" }],
    ["with other names", { clientId: "a", type: "m", count: "$1200", time: 1704067200 }],
    ["with still others", { client: "a", eventType: "m", quantity: 1200.0, created_at: 1704067200000 }],
    ["with the last names", { origin: "a", name: "m", total: "1200", createdAt: "1704067200000000" }],
    ["with its time in ns as a number", '{"origin":"a","name":"m","price":1.2e3,"ts":1704067200000000000}'],
    ["with its client inside", { payload: { source: "a", metric: "m", amount: 1200, ts: "2024-01-01" } }],
    ["with fields outside and inside", { source: "a", metric: "m", date: "2024-01-01", payload: { amount: 1200 } }],
    [
      "where the inner metric and the outer client win",
      { source: "a", metric: "x", amount: 1, payload: { source: "y", metric: "m", amount: 1200, ts: "2024-01-01" } },
    ],
    [
      "with empty fields before",
      {
        source: " ",
        client: null,
        client_id: "a",
        metric: "",
        type: "m",
        amount: null,
        value: 1200,
        date: "2024-01-01",
      },
    ],
    ["with spaces around names", { source: " a ", metric: "m\n", amount: 1200, date: " 2024-01-01 " }],
  ])("%s is the same in all its forms, and its hash is that of the contract", (_name, sent) => {
    expect(eventIn(sent)).toMatchObject({
      status: "processed",
      reason: null,
      clientId: "a",
      metric: "m",
      amount: "1200",
      occurredAt: "2024-01-01T00:00:00.000Z",
      receivedAt: RECEIVED,
      hash: sha256("a|m|1200|2024-01-01T00:00:00.000Z"),
    });
  });

  test("without a metric has the metric unknown, without a time the time of receipt", () => {
    expect(eventIn({ source: "a", amount: 1 })).toMatchObject({
      status: "processed",
      metric: "unknown",
      occurredAt: RECEIVED,
    });
  });

  test("may be named by numbers, however long", () => {
    expect(eventIn('{"source":12345678901234567890,"metric":7,"amount":1}')).toMatchObject({
      clientId: "12345678901234567890",
      metric: "7",
    });
  });

  test("keeps every digit of a number and of a time", () => {
    const { amount, occurredAt } = eventIn('{"source":"a","amount":12345678901234567890.123,"ts":1705314600123456789}');
    expect([amount, occurredAt]).toEqual(["12345678901234567890.123", "2024-01-15T10:30:00.123456Z"]);
  });

  test.each<[string, unknown, string]>([
    ["no client", { amount: 1 }, "there is no client: none of source, client_id, clientId, client, origin has a value"],
    [
      "no amount",
      { source: "a" },
      "there is no amount: none of amount, value, count, quantity, total, price has a value",
    ],
    [
      "an amount that is none",
      { source: "a", amount: "abc" },
      'amount is "abc", but an amount is a number such as 1200, "1,200" or "$12.50"',
    ],
    [
      "an amount too large",
      '{"source":"a","value":1e400}',
      'value is "1e400", but an amount has at most 30 digits before and after the point',
    ],
    [
      "an array for an amount",
      { source: "a", total: [1] },
      'total is an array of 1, but an amount is a number such as 1200, "1,200" or "$12.50"',
    ],
    [
      "a bad amount before a good one",
      { source: "a", amount: "abc", value: 1 },
      'amount is "abc", but an amount is a number such as 1200, "1,200" or "$12.50"',
    ],
    [
      "a client that is an object",
      { source: { id: 1 }, amount: 1 },
      "source is an object, but must be text or a number",
    ],
    [
      "a client with NUL",
      { source: "a\0", amount: 1 },
      'source is "a\\u0000", but must not hold NUL or half a surrogate pair',
    ],
    [
      "half a character",
      { source: "a\ud83d", amount: 1 },
      'source is "a\\ud83d", but must not hold NUL or half a surrogate pair',
    ],
    [
      "a metric too long",
      { source: "a", metric: "m".repeat(256), amount: 1 },
      `metric is "${"m".repeat(100)}...", but must have at most 255 characters, not 256`,
    ],
    ["an array", [[1]], "the event is an array of 1, but must be an object"],
    ["a number", "7", "the event is 7, but must be an object"],
    ["null", "null", "the event is null, but must be an object"],
  ])("with %s is rejected, and the reason names field and value", (_name, sent, reason) => {
    expect(eventIn(sent)).toMatchObject({ status: "rejected", reason, occurredAt: RECEIVED });
  });

  test("with a time that is none is rejected, not given another", () => {
    const { status, reason } = eventIn({ source: "a", amount: 1, date: "yesterday" });
    expect([status, reason]).toEqual(["rejected", expect.stringMatching(/^date is "yesterday", but a time is ISO/)]);
  });

  test("with several faults names them all, and keeps what can be read", () => {
    const { reason, metric, occurredAt } = eventIn({ metric: "m", value: "x", time: "2024-01-01" });
    expect(reason).toMatch(/^there is no client: .*; value is "x"/);
    expect([metric, occurredAt]).toEqual(["m", "2024-01-01T00:00:00.000Z"]);
  });

  test("finds its own fields only, whatever is called __proto__", () => {
    const sent = '{"__proto__":{"source":"a","amount":1},"constructor":{"name":"x"}}';
    expect(eventIn(sent)).toMatchObject({ status: "rejected", clientId: null, metric: "unknown" });
    expect({}).not.toHaveProperty("source");
    expect(eventIn('{"source":"a","payload":{"__proto__":{"amount":1},"value":2}}')).toMatchObject({ amount: "2" });
  });

  test("as deep as its payload may be is taken, and its text is kept under a mark", () => {
    const deep = `{"source":"a","amount":1,"x":${"[".repeat(400_000)}${"]".repeat(400_000)}}`;
    const { status, payload } = eventIn(deep);
    expect(status).toBe("processed");
    expect(JSON.parse(payload).$escaped === deep).toBe(true);
  });

  test.each<[string, string, boolean]>([
    ["NUL", '{"source":"a","amount":1,"x":"\\u0000"}', true],
    ["NUL in a name", '{"source":"a","amount":1,"\\u0000":1}', true],
    ["half a pair", '{"source":"a","amount":1,"x":"\\uD83D"}', true],
    ["the other half", '{"source":"a","amount":1,"x":"\\ude00\\ud83d"}', true],
    ["a whole pair", '{"source":"a","amount":1,"x":"\\ud83d\\ude00"}', false],
    ["other control characters", '{"source":"a","amount":1,"x":"\\u0001\\n\\u001f"}', false],
    ["spaces and digits", '{ "source" : "a",\n "amount": 1.000 }', false],
  ])("with %s keeps its payload as it was sent, marked where it has to be escaped", (_name, sent, isMarked) => {
    const { payload, status } = eventIn(sent);
    expect(status).toBe("processed");
    expect(payload).toBe(isMarked ? JSON.stringify({ $escaped: sent }) : sent);
  });

  test("of any form is read or rejected, and never throws", () => {
    assert(
      property(anything({ maxDepth: 3, withNullPrototype: true }), (value) => {
        const text = JSON.stringify(value) ?? "null";
        for (const event of eventsIn(text)) expect(["processed", "rejected"]).toContain(event.status);
        expect(eventIn({ source: "a", amount: value, ts: value, metric: value, payload: value }).receivedAt).toBe(
          RECEIVED,
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe("two events are the same", () => {
  const event = { source: "a", metric: "m", amount: 1, ts: "2024-01-01" };
  const hash = (sent: unknown, key?: string) => eventIn(sent, key).hash;

  test.each<[string, unknown, unknown, boolean]>([
    ["client, metric, amount and time are", event, { ...event, other: 1 }, true],
    ["the amount is another", event, { ...event, amount: 2 }, false],
    [
      "the time is a nanosecond later",
      { ...event, ts: "1704067200000000000" },
      { ...event, ts: "1704067200000000001" },
      false,
    ],
    [
      "a separator stands elsewhere",
      { ...event, source: "a|b", metric: "c" },
      { ...event, source: "a", metric: "b|c" },
      false,
    ],
    [
      "a separator is escaped",
      { ...event, source: "a\\", metric: "|c" },
      { ...event, source: "a|\\", metric: "c" },
      false,
    ],
    ["without a time the text is", { source: "a", amount: 1 }, '{ "source": "a",\n"amount": 1 }', true],
    ["without a time the text is another", { source: "a", amount: 1 }, { source: "a", amount: 1, x: "" }, false],
    ["the client's own id is", { ...event, eventId: "7" }, { ...event, amount: 9, eventId: 7 }, true],
    ["the id is of another client", { ...event, eventId: "7" }, { ...event, source: "b", eventId: "7" }, false],
    ["rejected ones of the same text are", { a: 1 }, { a: 1 }, true],
    ["rejected ones of another text are", { a: 1 }, { a: 2 }, false],
  ])("where %s: %#", (_name, one, other, isSame) => {
    expect(hash(one) === hash(other)).toBe(isSame);
  });

  test("by the request's key, which comes after an event's own id and before its content", () => {
    expect(hash(event, "k")).toBe(hash({ ...event, amount: 2 }, "k"));
    expect(hash(event, "k")).not.toBe(hash(event, "l"));
    expect(hash({ ...event, eventId: 1 }, "k")).toBe(hash({ ...event, eventId: 1 }, "l"));
    const [first, second] = eventsIn(JSON.stringify([event, event]), "k");
    expect(first?.hash).not.toBe(second?.hash);
  });
});

import { describe, expect, test } from "vitest";
import { pageOf, UnreadablePage } from "./page";

const EVENT = '{"id":"a","timestamp":"2025-01-01T00:00:00Z"}';

const idsOf = (body: string) => pageOf(body).events.map(({ id }) => id);
const eventOf = (event: string) => pageOf(`{"data":[${event}]}`).events[0];

describe("a page", () => {
  test.each([
    ["flat", `{"data":[${EVENT}],"hasMore":true,"nextCursor":"c"}`],
    ["nested", `{"data":[${EVENT}],"pagination":{"hasMore":true,"nextCursor":"c"},"meta":{"total":7,"returned":1}}`],
    ["with spaces", ` { "meta" : {"total": "7"}, "data" : [ ${EVENT} ] , "has_more" : true, "next_cursor" : "c" } `],
  ])("%s: events, hasMore and cursor are found", (_name, body) => {
    expect(pageOf(body)).toMatchObject({ events: [{ id: "a" }], hasMore: true, nextCursor: "c" });
  });

  test.each([
    ['{"data":[],"hasMore":false,"nextCursor":null}', { hasMore: false, nextCursor: undefined }],
    ['{"data":[],"hasMore":false}', { hasMore: false, nextCursor: undefined }],
    ['{"data":[],"hasMore":true}', { hasMore: true, nextCursor: undefined }],
    ['{"data":[],"nextCursor":""}', { hasMore: undefined, nextCursor: undefined }],
    ['{"data":[],"nextCursor":12}', { hasMore: undefined, nextCursor: "12" }],
    ['{"data":[],"meta":{"total":3}}', { total: 3 }],
    ['{"data":[],"meta":{"total":-1e999}}', { total: undefined }],
    ["[]", { events: [], hasMore: undefined }],
    ['{"extra":{"data":[1]},"data":[]}', { events: [], nameless: 0 }],
    ['{"note":"\\"data\\":[1]","data":[]}', { events: [], nameless: 0 }],
  ])("%s says what it says and no more", (body, expected) => {
    expect(pageOf(body)).toMatchObject(expected);
  });

  test.each([
    ["null"],
    [""],
    ["{}"],
    ['{"data":null}'],
    ['{"data":{}}'],
    [`{"data":[${EVENT}`],
    [`{"data":[${EVENT}]`],
    ['{"data":[{"id":"a]}'],
    ['{"data":[{"id":}]}'],
    ["<html>502</html>"],
    ['{"meta":{"data":[]}}'],
  ])("%s is not taken for one", (body) => {
    expect(() => pageOf(body)).toThrow(UnreadablePage);
  });

  test("entries without an id are counted and are no events", () => {
    expect(pageOf(`{"data":[${EVENT},{},null,7,"x",[],{"id":""},{"id":null},{"id":{}}]}`)).toMatchObject({
      events: [{ id: "a" }],
      nameless: 8,
    });
  });
});

describe("an event's id", () => {
  test.each([
    ['{"id":"a","eventId":"b"}', "a"],
    ['{"eventId":"b"}', "b"],
    ['{"event_id":"c"}', "c"],
    ['{"id":null,"event_id":"c"}', "c"],
    ['{"id":12}', "12"],
    ['{"id":12345678901234567890}', "12345678901234567890"],
    ['{"id":" a "}', " a "],
    ['{"id":"a\\u0000b"}', '$escaped:"a\\u0000b"'],
    ['{"id":"\\ud800"}', '$escaped:"\\ud800"'],
    ['{"id":"😀"}', "😀"],
  ])("of %s is %s", (event, id) => {
    expect(idsOf(`{"data":[${event}]}`)).toEqual([id]);
  });

  test("that is too long for the index is its hash", () => {
    expect(idsOf(`{"data":[{"id":"${"x".repeat(900)}"}]}`)).toEqual([expect.stringMatching(/^\$sha256:[\da-f]{64}$/)]);
  });

  test("is an own property: nothing behind __proto__ is one, and no prototype changes", () => {
    const body = '{"data":[{"__proto__":{"id":"x"}},{"id":"a","constructor":{"prototype":{"id":"y"}}}]}';
    expect(idsOf(body)).toEqual(["a"]);
    expect(Reflect.get({}, "id")).toBeUndefined();
  });
});

describe("an event's time", () => {
  test.each([
    ['"timestamp":"2025-01-01T00:00:00.250Z"', "2025-01-01T00:00:00.250Z"],
    ['"ts":1735689600', "2025-01-01T00:00:00.000Z"],
    ['"occurredAt":1735689600250', "2025-01-01T00:00:00.250Z"],
    ['"occurred_at":1735689600250123', "2025-01-01T00:00:00.250123Z"],
    ['"createdAt":1735689600250123456', "2025-01-01T00:00:00.250123Z"],
    ['"time":"1735689600250"', "2025-01-01T00:00:00.250Z"],
    ['"timestamp":"\\u200b2025-01-01\\u0000T00:00:00Z\\ufeff"', "2025-01-01T00:00:00.000Z"],
    ['"timestamp":"yesterday","ts":1735689600', "2025-01-01T00:00:00.000Z"],
    ['"timestamp":"yesterday"', undefined],
    ['"timestamp":-1e400', undefined],
    ['"timestamp":{"$date":1}', undefined],
    ['"x":1', undefined],
  ])("in {%s} is %s", (fields, expected) => {
    expect(eventOf(`{"id":"a",${fields}}`)?.occurredAt).toBe(expected);
  });
});

describe("an event's payload", () => {
  test.each([
    ["what was sent, digits and order alike", '{"id":"a","n":1.10, "big":12345678901234567890}', undefined],
    [
      "escaped and marked where it has NUL",
      '{"id":"a","t":"x\\u0000"}',
      '{"$escaped":"{\\"id\\":\\"a\\",\\"t\\":\\"x\\\\u0000\\"}"}',
    ],
  ])("is %s", (_name, event, expected) => {
    expect(eventOf(event)?.payload).toBe(expected ?? event);
  });

  test("with a raw control character, which JSON does not allow, is read all the same", () => {
    expect(eventOf('{"id":"a","t":"x\0y"}')).toMatchObject({ id: "a", payload: expect.stringContaining("$escaped") });
  });
});

import { array, assert, jsonValue, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { compact, withExactNumbers } from "../platform/values/json-scan";
import { rawEventsOf } from "./raw-events";

const rawsIn = (body: string | Buffer, most = 100) => rawEventsOf(Buffer.from(body), most);

describe("the body of a request", () => {
  test("is split into events, each with the text it was sent as", () => {
    const texts = ['{"a":"],[\\"{"}', "[1,[2]]", '"\\\\"', "7", "{}"];
    const raws = rawsIn(` [ ${texts.join(" ,\n")}\t] `);
    expect(raws.map(({ text }) => text)).toEqual(texts);
    expect(raws.map(({ depth }) => depth)).toEqual([1, 2, 0, 0, 1]);
  });

  test("is one event where it is no array, and none where the array is empty", () => {
    expect(rawsIn(' {"a":[1]} ')).toEqual([{ text: '{"a":[1]}', depth: 2, value: { a: [1] } }]);
    expect(rawsIn("[ ]")).toEqual([]);
  });

  test("is read as JSON.parse reads it, whatever it holds", () => {
    assert(
      property(array(jsonValue({ maxDepth: 3 }), { maxLength: 5 }), (values) => {
        for (const text of [JSON.stringify(values), JSON.stringify(values, null, 2)]) {
          expect(rawsIn(text).map((raw) => JSON.parse(raw.text))).toEqual(JSON.parse(text));
          expect(compact(text)).toBe(JSON.stringify(JSON.parse(text)));
        }
      }),
    );
  });

  test.each([
    ["", "", 0],
    ["an open array", "[{}", 0],
    ["a comma too many", "[{},]", 1],
    ["a comma missing", "[{} {}]", 0],
    ["a bracket too many", "[{}]]", 0],
    ["brackets that do not fit", "[{]}]", 0],
    ["an open string", '[{"a":"]', 0],
    ["a raw control character", '[{},{"a":"\n"}]', 1],
    ["NaN", '{"amount":NaN}', 0],
    ["a long number with a zero before", '{"amount":01234567890123456789}', 0],
    ["two documents", "{}\n{}", 0],
  ])("with %s is refused by number of the event", (_name, body, index) => {
    expect(() => rawsIn(body)).toThrow(`body[${index}]`);
  });

  test("that is no UTF-8 is refused", () => {
    expect(() => rawsIn(Buffer.from([0x22, 0xff, 0x22]))).toThrow("not UTF-8");
  });

  test("with more events than the limit is refused by it", () => {
    expect(rawsIn("[1,2,3]", 3)).toHaveLength(3);
    expect(() => rawsIn("[1,2,3,4]", 3)).toThrow("at most 3 events (EVENTS_MAX_PER_REQUEST)");
  });

  test("of a megabyte in one string, or in brackets alone, is read", () => {
    const long = `{"a":"${'\\"'.repeat(500_000)}"}`;
    expect(rawsIn(long)[0]?.text.length).toBe(long.length);
    const deep = "[".repeat(500_000) + "]".repeat(500_000);
    expect(rawsIn(deep)[0]?.depth).toBe(499_999);
  });
});

test("numbers that a double may not hold become text, wherever they stand, and nothing else changes", () => {
  const text = '{"a":1705314600123456789,"b":[1e400,-1E5,1.5],"c":"1705314600123456789 1e5","d":"\\"1e5","e":true}';
  expect(JSON.parse(withExactNumbers(text))).toEqual({
    a: "1705314600123456789",
    b: ["1e400", "-1E5", 1.5],
    c: "1705314600123456789 1e5",
    d: '"1e5',
    e: true,
  });
});

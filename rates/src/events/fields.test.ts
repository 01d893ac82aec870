import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../tests/support/folder";
import { DEFAULT_FIELDS, readFields } from "./fields";

function fieldsIn(text: string) {
  using folder = temporaryFolder();
  const file = join(folder.path, "fields.json");
  writeFileSync(file, text);
  return readFields(file);
}

describe("EVENT_FIELDS_FILE", () => {
  test("replaces the names it has and leaves the others", () => {
    expect(fieldsIn('{"client":["tenant"],"eventId":["uid","eventId"]}')).toEqual({
      ...DEFAULT_FIELDS,
      client: ["tenant"],
      eventId: ["uid", "eventId"],
    });
    expect(readFields(undefined)).toBe(DEFAULT_FIELDS);
  });

  test.each<[string, RegExp]>([
    ["{", /^EVENT_FIELDS_FILE .*fields.json is not JSON: mend it or unset it$/],
    ["[]", /is not usable: it must be one object; an example is \{"client"/],
    [
      '{"clients":["a"],"amount":[]}',
      /"clients" is not one of payload, client, .*; amount must be a list of different names, not \[\]/,
    ],
    ['{"amount":"value"}', /amount must be a list of different names, not "value"/],
    ['{"amount":["a",""]}', /amount must be a list of different names/],
    ['{"amount":["a","a"]}', /amount must be a list of different names/],
    ['{"__proto__":["a"]}', /"__proto__" is not one of/],
  ])("%s is refused with what is wrong", (text, message) => {
    expect(() => fieldsIn(text)).toThrow(message);
  });

  test("that is not there is refused by its path", () => {
    expect(() => readFields("/nowhere/fields.json")).toThrow(
      "EVENT_FIELDS_FILE names /nowhere/fields.json, which cannot be read",
    );
  });
});

import { describe, expect, test } from "vitest";
import { checkCopyName, copyId, databaseName, isSameCopy } from "./names";

const CHECKOUT = { root: "/r", copiesDir: "/r/.copies", id: "0a1b2c3d" };

describe("names of copies", () => {
  test.each(["dev", "qa-2", "feature-4711-rollup", "a", "x".repeat(32)])("%s names a copy", (name) => {
    expect(checkCopyName(name)).toBe(name);
  });

  test.each(["", "Dev", "my copy", "../etc", "-qa", "qa-", "a--b", "1st", "größe", "a/b", ".server", "x".repeat(33)])(
    "%j is refused with the rule and an example",
    (name) => {
      expect(() => checkCopyName(name)).toThrow(/cannot name a copy: use lower-case letters.*"qa"/);
    },
  );

  test("two names never share a database", () => {
    expect(databaseName("a-b")).not.toBe(databaseName("a-c"));
    expect(databaseName("feature-12")).toBe("rates_feature_12");
  });

  test("an id tells a copy from its own former life and from another copy", () => {
    const first = copyId(CHECKOUT, "qa-2", "aaaa");
    const reborn = copyId(CHECKOUT, "qa-2", "bbbb");
    expect(first).not.toBe(reborn);
    expect(isSameCopy(first, reborn)).toBe(true);
    expect(isSameCopy(first, copyId(CHECKOUT, "qa", "aaaa"))).toBe(false);
    expect(isSameCopy(first, copyId({ ...CHECKOUT, id: "ffffffff" }, "qa-2", "aaaa"))).toBe(false);
  });
});

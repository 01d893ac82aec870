import { describe, expect, test } from "vitest";
import { PageSize } from "./page-size";

/** Asks with an upstream that allows so many. @returns the requests it takes until the size stays */
function settle(size: PageSize, allowed: number, why = "400: too many"): number {
  for (let requests = 1; ; requests += 1) {
    const before = size.current;
    if (before > allowed) size.refused(why);
    else {
      size.granted();
      if (size.current === before) return requests;
    }
  }
}

describe("the size of a page", () => {
  test("stays what was wanted while that is given", () => {
    const size = new PageSize(5_000);
    expect([settle(size, 5_000), size.current, size.isProven]).toEqual([1, 5_000, true]);
  });

  test("comes near to the most that is allowed in a few requests", () => {
    const size = new PageSize(5_000);
    expect(settle(size, 1_700)).toBeLessThanOrEqual(12);
    expect(size.current).toBeGreaterThan(1_600);
    expect(size.current).toBeLessThanOrEqual(1_700);
  });

  test("is what the refusal names", () => {
    const size = new PageSize(5_000);
    size.refused('400: "limit must be at most 1000"');
    expect(size.current).toBe(1_000);
  });

  test("has an end: of one event nothing smaller is asked for", () => {
    const size = new PageSize(1);
    expect(size.refused("400")).toBe(false);
  });
});

import { describe, expect, test } from "vitest";
import { dailyRates } from "./daily-rate";

describe("the rate of a day", () => {
  test("a mean needs three prices, a count needs one, and each day of the range is there", () => {
    const totals = [
      { day: "2021-01-01", count: 2, sum: 10 },
      { day: "2021-01-03", count: 3, sum: 3463 },
      { day: "2021-01-04", count: 4, sum: 4 },
    ];
    expect(dailyRates(totals, { from: "2021-01-01", to: "2021-01-04" })).toEqual([
      { count: 4, day: "2021-01-04", price: 1 },
      { count: 3, day: "2021-01-03", price: 3463 / 3 },
      { count: null, day: "2021-01-02", price: null },
      { count: 2, day: "2021-01-01", price: null },
    ]);
  });
});

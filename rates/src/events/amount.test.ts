import { assert, bigInt, double, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { amountOf } from "./amount";

const amountIn = (value: unknown) => {
  const result = amountOf(value);
  return "amount" in result ? result.amount : undefined;
};

describe("an amount", () => {
  test.each<[unknown, string]>([
    [1200, "1200"],
    [0, "0"],
    [-0, "0"],
    [-5.25, "-5.25"],
    [0.1, "0.1"],
    [1e21, "1000000000000000000000"],
    [1e-7, "0.0000001"],
    ["1200", "1200"],
    [" 1200 ", "1200"],
    ["+7", "7"],
    ["-7", "-7"],
    ["\u22127", "-7"],
    ["007", "7"],
    ["1.50", "1.5"],
    [".5", "0.5"],
    ["5.", "5"],
    ["1e3", "1000"],
    ["1.2E-2", "0.012"],
    ["12345678901234567890.123456789", "12345678901234567890.123456789"],
    ["1,200", "1200"],
    ["1,200.50", "1200.5"],
    ["12,345,678", "12345678"],
    ["1,00,000", "100000"],
    ["1.200,50", "1200.5"],
    ["1.200.300", "1200300"],
    ["1 200", "1200"],
    ["1\u00a0200\u00a0300,5", "1200300.5"],
    ["1'200.50", "1200.5"],
    ["1_000_000", "1000000"],
    ["$1,200.50", "1200.5"],
    ["$ 12", "12"],
    ["-$12.50", "-12.5"],
    ["$-12.50", "-12.5"],
    ["US$ 12", "12"],
    ["\u20ac12", "12"],
    ["12,000 \u20ac", "12000"],
    ["12.5\u20ac", "12.5"],
    ["USD 1,200", "1200"],
    ["1200 EUR", "1200"],
    ["\u00a31e3", "1000"],
  ])("%j is %s", (value, expected) => {
    expect(amountIn(value)).toBe(expected);
  });

  test.each<[unknown, RegExp]>([
    ["abc", /^is "abc", but an amount is a number such as/],
    ["NaN", /^is "NaN"/],
    ["Infinity", /^is "Infinity"/],
    ["-Infinity", /^is "-Infinity"/],
    [Number.NaN, /^is NaN/],
    [Number.POSITIVE_INFINITY, /^is Infinity/],
    ["1e400", /^is "1e400", but an amount has at most 30 digits/],
    ["1e-400", /at most 30 digits/],
    ["1e99999999999999999999", /at most 30 digits/],
    ["9".repeat(31), /at most 30 digits/],
    ["9".repeat(1_000_000), /^is "9{100}\.\.\."/],
    ["1,5", /an amount is/],
    ["12,34", /an amount is/],
    ["1,2000", /an amount is/],
    ["1,200,30", /an amount is/],
    ["1,200 300", /an amount is/],
    ["1.200.30", /an amount is/],
    ["--5", /an amount is/],
    ["-$-5", /an amount is/],
    ["$5$", /an amount is/],
    ["(5)", /an amount is/],
    ["5%", /an amount is/],
    ["5 apples", /an amount is/],
    ["$", /an amount is/],
    [".", /an amount is/],
    ["0x10", /an amount is/],
    ["1 2", /an amount is/],
    ["\u0661\u0662", /an amount is/],
    ["5\u0000", /^is "5\\u0000"/],
    [true, /^is true/],
    [[5], /^is an array of 1/],
    [{ amount: 5 }, /^is an object/],
  ])("%j is none, and the reason names the value", (value, reason) => {
    expect(amountOf(value)).toEqual({ reason: expect.stringMatching(reason) });
  });

  test("is taken exactly as any program writes it", () => {
    assert(
      property(bigInt({ min: -(10n ** 29n), max: 10n ** 29n }), (whole) => {
        expect(amountIn(String(whole))).toBe(String(whole));
        expect(amountIn(grouped(whole))).toBe(String(whole));
      }),
    );
    assert(
      property(double({ noDefaultInfinity: true, noNaN: true, min: 1e-12, max: 1e29 }), (value) => {
        expect(Number(amountIn(value))).toBe(value);
        expect(amountIn(-value)).toBe(`-${amountIn(value)}`);
      }),
    );
  });
});

function grouped(whole: bigint): string {
  return String(whole).replace(/\B(?=(\d{3})+$)/g, ",");
}

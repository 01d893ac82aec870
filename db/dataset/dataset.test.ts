import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/folder";
import { SHIPPED_DUMP, writeDataset } from "./generate";
import { PORTS } from "./ports";
import { allPrices, DAYS } from "./prices";
import { pathToRoot, REGIONS } from "./regions";

const prices = [...allPrices()];
const lanes = new Set(prices.map(({ origCode, destCode }) => `${origCode}>${destCode}`));

/** Prices by lane and day. */
const quotes = new Map<string, number[]>();
for (const { origCode, destCode, day, price } of prices) {
  const key = `${origCode}>${destCode} ${day}`;
  quotes.set(key, [...(quotes.get(key) ?? []), price]);
}

describe("the shipped dump", () => {
  test("is what the generator writes, byte for byte", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "rates.sql");
    await writeDataset(path);
    const [written, shipped] = [await readFile(path), await readFile(SHIPPED_DUMP)];
    expect(written.equals(shipped), "run make dataset, and commit db/rates.sql").toBe(true);
  });

  test("leaves no unfinished file where it cannot be written", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "rates.sql");
    mkdirSync(path);
    await expect(writeDataset(path)).rejects.toThrow(path);
    expect(readdirSync(folder.path)).toEqual(["rates.sql"]);
  });

  test("has as many rows as the dataset", () => {
    const rows = readFileSync(SHIPPED_DUMP, "utf8").match(/^[A-Z]{5}\t[A-Z]{5}\t2021-01-\d\d\t\d+$/gm);
    expect(rows).toHaveLength(prices.length);
  });
});

describe("the dataset", () => {
  test("has at least 50,000 prices on some hundred lanes over every day of 2021-01", () => {
    expect(prices.length).toBeGreaterThanOrEqual(50_000);
    expect(prices.length).toBeLessThanOrEqual(65_000);
    expect(lanes.size).toBeGreaterThan(500);
    expect([...new Set(prices.map(({ day }) => day))]).toEqual(DAYS);
    expect([DAYS[0], DAYS[30], DAYS.length]).toEqual(["2021-01-01", "2021-01-31", 31]);
  });

  test("has some 140 ports with codes of their own, each in a region", () => {
    const codes = PORTS.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.length).toBeGreaterThanOrEqual(130);
    expect(codes.filter((code) => !/^[A-Z]{2}[A-Z2-9]{3}$/.test(code))).toEqual([]);
    const slugs = new Set(REGIONS.map(({ slug }) => slug));
    expect(PORTS.filter(({ parentSlug }) => !slugs.has(parentSlug))).toEqual([]);
  });

  test("has a region tree of several levels with Guangzhou in China Main and Tallinn in the Baltic", () => {
    expect(Math.max(...REGIONS.map(({ slug }) => pathToRoot(slug).length))).toBe(4);
    expect(PORTS.find(({ code }) => code === "CNGGZ")?.parentSlug).toBe("china_main");
    expect(pathToRoot(PORTS.find(({ code }) => code === "EETLL")?.parentSlug ?? "")).toContain("baltic");
  });

  test("prices only known ports, never a lane from a port to itself, and plausibly", () => {
    const codes = new Set(PORTS.map(({ code }) => code));
    const wrong = prices.filter(
      ({ origCode, destCode, price }) =>
        !codes.has(origCode) || !codes.has(destCode) || origCode === destCode || price < 100 || price > 5_000,
    );
    expect(wrong).toEqual([]);
  });

  test.each([[0], [1], [2], [3], [4]])("has lane-days with %i prices", (count) => {
    const found = [...lanes].flatMap((lane) => DAYS.map((day) => quotes.get(`${lane} ${day}`)?.length ?? 0));
    expect(found.filter((length) => length === count).length).toBeGreaterThan(500);
  });

  test.each(["2021-01-30", "2021-01-31"])(
    "has three prices from Guangzhou to Tallinn on %s, with the mean 1154.33",
    (day) => {
      const found = quotes.get(`CNGGZ>EETLL ${day}`) ?? [];
      expect(found).toHaveLength(3);
      expect(found.reduce((sum, price) => sum + price, 0) / 3).toBe(1154.3333333333333);
    },
  );

  test("has days with two, one and no price from Guangzhou to Tallinn", () => {
    const counts = DAYS.map((day) => quotes.get(`CNGGZ>EETLL ${day}`)?.length ?? 0);
    expect([...new Set(counts)].sort()).toEqual(expect.arrayContaining([0, 1, 2, 3]));
  });
});

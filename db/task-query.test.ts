import { describe, expect, test } from "vitest";
import { testDatabase } from "../tests/support/database";
import { differences, type RatesDay, taskQuery, taskQueryForAllLanes } from "./task-query";

const JANUARY = { dateFrom: "2021-01-01", dateTo: "2021-01-31" };
const GUANGZHOU_TALLINN = { ...JANUARY, origCode: "CNGGZ", destCode: "EETLL" };

describe("the task's query", () => {
  test("gives every day of the range, newest first, with the mean of three prices or more", async () => {
    await using db = await testDatabase("pristine");
    await using client = await db.connect();
    const days = await taskQuery(client, GUANGZHOU_TALLINN);
    expect(days).toHaveLength(31);
    expect(days.map(({ day }) => day)).toEqual(
      days
        .map(({ day }) => day)
        .sort()
        .reverse(),
    );
    expect(days[0]).toEqual({ day: "2021-01-31", price: 1154.3333333333333, count: 3 });
    expect(days[1]).toEqual({ day: "2021-01-30", price: 1154.3333333333333, count: 3 });
  });

  test("gives no price for one or two prices, and no count for none", async () => {
    await using db = await testDatabase("pristine");
    await using client = await db.connect();
    const days = await taskQuery(client, GUANGZHOU_TALLINN);
    const on = (day: string) => days.find((each) => each.day === day);
    expect(on("2021-01-24")).toEqual({ day: "2021-01-24", price: null, count: 2 });
    expect(on("2021-01-17")).toEqual({ day: "2021-01-17", price: null, count: 1 });
    expect(on("2021-01-10")).toEqual({ day: "2021-01-10", price: null, count: null });
  });

  test("gives days without prices for an unknown code and outside the data, over a leap day", async () => {
    await using db = await testDatabase("pristine");
    await using client = await db.connect();
    const question = { origCode: "'; --", destCode: "", dateFrom: "2020-02-28", dateTo: "2020-03-01" };
    const nothing = ["2020-03-01", "2020-02-29", "2020-02-28"].map((day) => ({ day, price: null, count: null }));
    expect(await taskQuery(client, question)).toEqual(nothing);
  });

  test("for all lanes gives what it gives for each of them", async () => {
    await using db = await testDatabase("pristine");
    await using client = await db.connect();
    const range = { dateFrom: "2020-12-30", dateTo: "2021-02-01" };
    const lanes = await taskQueryForAllLanes(client, range);
    const [{ count } = { count: 0 }] = await db.query<{ count: number }>(
      "SELECT count(DISTINCT (orig_code, dest_code))::integer AS count FROM prices",
    );
    expect(lanes.size).toBe(count);
    for (const [lane, days] of [...lanes].filter((_lane, index) => index % 40 === 0)) {
      const [origCode = "", destCode = ""] = lane.split(">");
      expect(days).toEqual(await taskQuery(client, { ...range, origCode, destCode }));
    }
  });
});

describe("the differences of two answers", () => {
  const expected: RatesDay[] = [
    { day: "2021-01-03", price: 1154.3333333333333, count: 3 },
    { day: "2021-01-02", price: null, count: 2 },
    { day: "2021-01-01", price: null, count: null },
  ];
  const [third, second, first] = expected as [RatesDay, RatesDay, RatesDay];

  test.each<[string, RatesDay[], string[]]>([
    ["are none where the answers are equal", expected, []],
    ["are none where prices differ by 1e-10 of their value", [{ ...third, price: 1154.33333343 }, second, first], []],
    [
      "name a price that is off by more",
      [{ ...third, price: 1154.333 }, second, first],
      ["2021-01-03: price is 1154.333, expected 1154.3333333333333"],
    ],
    [
      "name a price and a count where none are expected",
      [third, second, { day: "2021-01-01", price: 0, count: 0 }],
      ["2021-01-01: price is 0, expected null", "2021-01-01: count is 0, expected null"],
    ],
    ["name a missing day", [third, first], ["2021-01-02: missing"]],
    [
      "name a day too many",
      [{ day: "2021-01-04", price: null, count: null }, ...expected],
      ["2021-01-04: not expected at all"],
    ],
    [
      "name a day in another place",
      [first, second, third],
      ["2021-01-01: is in place 1, where 2021-01-03 is expected"],
    ],
    ["name a day that comes twice", [third, second, first, first], ["4 days, expected 3"]],
  ])("%s", (_title, actual, lines) => {
    expect(differences(expected, actual)).toEqual(lines);
  });

  test("name a price that came as text", () => {
    const actual = JSON.parse('[{"day": "2021-01-03", "price": "1154.3333333333333", "count": 3}]') as RatesDay[];
    expect(differences([third], actual)).toHaveLength(1);
  });
});

import { describe, expect, test } from "vitest";
import { countDays, daysNewestFirst } from "./day";

describe("days of the calendar", () => {
  describe("a range counts both of its ends", () => {
    test.each([
      ["2021-01-01", "2021-01-01", 1],
      ["2021-01-01", "2021-01-31", 31],
      ["2020-02-01", "2020-03-01", 30],
      ["2021-02-01", "2021-03-01", 29],
      ["2021-01-02", "2021-01-01", 0],
      ["0001-01-01", "9999-12-31", 3_652_059],
    ])("%s to %s has %i days", (from, to, days) => {
      expect(countDays(from, to)).toBe(days);
    });
  });

  describe("every day comes once, the newest first", () => {
    test.each([
      ["over a leap day", "2020-02-28", "2020-03-01", ["2020-03-01", "2020-02-29", "2020-02-28"]],
      ["over the turn of the year", "2020-12-31", "2021-01-01", ["2021-01-01", "2020-12-31"]],
      ["in the first century", "0099-12-31", "0100-01-01", ["0100-01-01", "0099-12-31"]],
    ])("%s", (_name, from, to, days) => {
      expect(daysNewestFirst(from, to)).toEqual(days);
    });
  });

  test("the local time zone and its summer time move no day", () => {
    const zone = process.env["TZ"];
    try {
      for (const TZ of ["America/Sao_Paulo", "Pacific/Kiritimati", "Pacific/Pago_Pago"]) {
        process.env["TZ"] = TZ;
        const days = daysNewestFirst("2018-10-01", "2018-11-30");
        expect([days.length, days[0], days.at(-1)]).toEqual([61, "2018-11-30", "2018-10-01"]);
      }
    } finally {
      if (zone === undefined) delete process.env["TZ"];
      else process.env["TZ"] = zone;
    }
  });
});

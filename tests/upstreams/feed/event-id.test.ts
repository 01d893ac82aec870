import { expect, test } from "vitest";
import { EventIds } from "./event-id";

const ids = new EventIds({ seed: 7, total: 200_000 });

test("all ids differ, and the same number always has the same", () => {
  const seen = new Set(Array.from({ length: 250_000 }, (_, number) => ids.idOf(number)));
  expect(seen.size).toBe(250_000);
  expect(new EventIds({ seed: 7, total: 200_000 }).idOf(4_711)).toBe(ids.idOf(4_711));
  expect(new EventIds({ seed: 8, total: 200_000 }).idOf(4_711)).not.toBe(ids.idOf(4_711));
});

test("an id is a UUID of version 4, or 7 for an event that arrived later", () => {
  expect(ids.idOf(0)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(ids.idOf(199_999)[14]).toBe("4");
  expect(ids.idOf(200_000)[14]).toBe("7");
});

test.each([0, 1, 199_999, 200_000, 2_999_999, 2 ** 31, 2 ** 32 - 1])("the id of %d leads back to it", (number) => {
  expect(ids.numberOf(ids.idOf(number))).toBe(number);
});

test.each(["", "x", "00000000-0000-4000-8000-000000000000", `${ids.idOf(3)} `, ids.idOf(3).toUpperCase()])(
  "%j is the id of no event",
  (id) => {
    expect(ids.numberOf(id)).toBeUndefined();
  },
);

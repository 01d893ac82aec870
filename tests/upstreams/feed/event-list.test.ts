import { expect, test } from "vitest";
import { EventList, FIRST_MS } from "./event-list";
import { DEFAULTS, type Switches } from "./switches";

const TOTAL = 1_000;

const ORDERS: readonly Partial<Switches>[] = [
  {},
  { disorder: 7 },
  { disorder: 64 },
  { disorder: 1_000 },
  { extraEvery: 2 },
  { extraEvery: 5, extras: "mixed" },
  { extraEvery: 3, disorder: 16, sameTime: 4 },
];

function listOf(given: Partial<Switches>) {
  const list = new EventList({ ...DEFAULTS, total: TOTAL, ...given });
  const entries = Array.from({ length: list.placesOf(TOTAL) }, (_, place) => list.entryAt(place));
  return { list, entries, events: entries.filter(({ kind }) => kind === "event").map(({ number }) => number) };
}

test.each(ORDERS)("with %j every event stands at one place", (order) => {
  const { events } = listOf(order);
  expect(events.toSorted((a, b) => a - b)).toEqual(Array.from({ length: TOTAL }, (_, number) => number));
});

test("without disorder the order is that of time, with it an event is away by less than a block", () => {
  expect(listOf({}).events).toEqual(Array.from({ length: TOTAL }, (_, number) => number));
  const away = listOf({ disorder: 64 }).events.map((number, position) => Math.abs(number - position));
  expect(Math.max(...away)).toBeGreaterThan(32);
  expect(Math.max(...away)).toBeLessThan(64);
});

test("events that arrive leave every place below them as it was", () => {
  const { list, entries } = listOf({ extraEvery: 5, disorder: 64 });
  expect(list.placesOf(TOTAL + 100)).toBe(entries.length + 125);
  const places = Array.from({ length: 125 }, (_, above) => list.entryAt(entries.length + above));
  expect(places.filter(({ kind }) => kind === "event").map(({ number }) => number)).toEqual(
    Array.from({ length: 100 }, (_, above) => TOTAL + above),
  );
});

test("every fifth place repeats an id that is there, or has none", () => {
  const { entries } = listOf({ extraEvery: 5, extras: "mixed" });
  const extras = entries.filter((_, place) => place % 5 === 4);
  expect(extras).toHaveLength(250);
  expect(new Set(extras.map(({ kind }) => kind))).toEqual(new Set(["repeat", "nameless"]));
  expect(extras.every(({ number }) => number >= 0 && number < TOTAL)).toBe(true);
});

test.each(ORDERS)("with %j a span of time holds what a look at every event finds", (order) => {
  for (const untilInclusive of [false, true]) {
    const { list, entries } = listOf({ ...order, untilInclusive });
    for (const [since, until] of [
      [0, 250_000],
      [1, 100],
      [1_000, 1_000],
      [1_249, 1_251],
      [99_990, 130_000],
      [249_750, 9e9],
    ]) {
      const [from, to] = [FIRST_MS + (since ?? 0), FIRST_MS + (until ?? 0)];
      const span = list.spanOf(from, to);
      const { top, bottom } = list.boundsOf(span, TOTAL);
      const found = entries
        .slice(bottom, top + 1)
        .filter((entry) => entry.timeOf >= span.from && entry.timeOf < span.to);
      const wanted = entries.filter((entry) => {
        const ms = list.timeOf(entry.timeOf);
        return ms >= from && (untilInclusive ? ms <= to : ms < to);
      });
      expect(found).toEqual(wanted);
    }
  }
});

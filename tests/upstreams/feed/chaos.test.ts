import { expect, test } from "vitest";
import { chaosOf } from "./chaos";
import { EventIds } from "./event-id";
import { askPage } from "./feed-client";
import { startFeed } from "./simulator";
import { DEFAULTS, FAULTS, type Switches } from "./switches";

const SIZES = { total: 20_000, batch: 1_000 };
const SEEDS = Array.from({ length: 200 }, (_, seed) => seed);
const mixtures = SEEDS.map((seed) => chaosOf(seed, SIZES));

test("a seed has one mixture", () => {
  expect(SEEDS.map((seed) => chaosOf(seed, SIZES))).toEqual(mixtures);
  expect(new Set(mixtures.map(({ switches }) => JSON.stringify(switches))).size).toBe(SEEDS.length);
});

test("200 mixtures have every fault, and almost every switch with several values", () => {
  for (const fault of FAULTS) expect(mixtures.some(({ switches }) => switches.faults?.[fault])).toBe(true);
  const valuesOf = (name: keyof Switches) =>
    new Set(mixtures.map(({ switches }) => JSON.stringify(switches[name]))).size;
  const constant = (Object.keys(DEFAULTS) as (keyof Switches)[]).filter((name) => valuesOf(name) < 2);
  expect(constant.sort()).toEqual(["arrivalsMost", "key", "oversizedBytes", "stepMs", "total"]);
});

test("at most ten of 200 are not to be recovered from, and at least one", () => {
  const unrecoverable = mixtures.filter(({ unrecoverable: names }) => names.length > 0);
  expect(unrecoverable.length).toBeGreaterThan(0);
  expect(unrecoverable.length).toBeLessThanOrEqual(10);
  expect(unrecoverable.every(({ switches }) => typeof switches.deadEvent === "number")).toBe(true);
});

test("cursors that die young come with windows that work", () => {
  const young = mixtures.filter(({ switches }) => (switches.cursorTtlMs ?? 0) < 120_000 || switches.cursorLossLasts);
  expect(young.length).toBeGreaterThan(10);
  for (const { switches } of young) {
    expect(switches.windows).toBe("supported");
    expect(switches.stream).not.toBe("unavailable");
    expect(switches.endpoint).not.toBe("foreign");
  }
});

test.each(SEEDS.slice(0, 5))("mixture %d runs and gives events", async (seed) => {
  const { switches } = chaosOf(seed, SIZES);
  await using upstream = await startFeed({ ...switches, faults: {} });
  const { status, body } = await askPage(upstream, { limit: 500 });
  expect(status).toBe(200);
  const ids = new EventIds({ seed, total: SIZES.total });
  const found = body.match(/[0-9a-f]{8}-[0-9a-f-]{27}/g) ?? [];
  expect(found.length).toBeGreaterThan(200);
  expect(found.every((id) => ids.numberOf(id) !== undefined)).toBe(true);
});

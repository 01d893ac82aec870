import { expect, test } from "vitest";
import { randomNumbers } from "../../support/random";
import { failure } from "./fault-run";
import { drawSchedule, nameOf } from "./schedule";

const LOAD = 200;

function schedule(seed: number) {
  return drawSchedule(randomNumbers(seed), LOAD);
}

test("a seed gives the same schedule again, and another seed another one", () => {
  expect(schedule(7)).toEqual(schedule(7));
  expect(schedule(7)).not.toEqual(schedule(8));
});

test("every kind of fault comes up, one to three in a run and none twice on one target", () => {
  const schedules = Array.from({ length: 500 }, (_, seed) => schedule(seed));
  expect(new Set(schedules.flat().map(nameOf)).size).toBe(12);
  expect(new Set(schedules.map(({ length }) => length))).toEqual(new Set([1, 2, 3]));
  for (const faults of schedules) {
    expect(new Set(faults.map(({ target }) => target)).size).toBe(faults.length);
    expect(faults[0]?.after).toBeLessThanOrEqual(LOAD / 2);
  }
});

test("a failing run tells its seed, its schedule and how to have it again", () => {
  const { message } = failure({ seed: 7, schedule: schedule(7) }, ["lost: client-1/5"]);
  expect(message).toMatch(/^seed 7: 1 problems:\n {2}lost: client-1\/5\nschedule: after \d+: /);
  expect(message).toContain("SEED=7 npx vitest run tests/faults/events.test.ts");
});

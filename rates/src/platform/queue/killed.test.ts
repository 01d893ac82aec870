import { expect, test } from "vitest";
import { testDatabase } from "../../../../tests/support/database";
import { until } from "../../../../tests/support/until";
import { ConsumerProcess } from "../../../testing/consumer-process";
import { IN_ORDER, testQueue } from "../../../testing/queue";

/** Enough for both processes to have a turn; a call has four at most. */
const NUMBERS = Array.from({ length: 200 }, (_, index) => index + 1);

test("processes of one queue never work at once; what one held that is killed goes to the others, each message once and in order", {
  timeout: 90_000,
}, async () => {
  await using database = await testDatabase("empty");
  await using queue = testQueue(database);
  for (const n of NUMBERS.slice(0, 3)) await queue.publish(IN_ORDER, n);
  await using victim = new ConsumerProcess(database, "hang");
  // It has done the first message and holds the next two.
  await until("two messages to be held", async () => victim.steps.length === 3);
  for (const n of NUMBERS.slice(3)) await queue.publish(IN_ORDER, n);
  await using one = new ConsumerProcess(database, "work");
  await using other = new ConsumerProcess(database, "work");
  await victim.kill();
  await until(
    "an empty queue",
    async () => {
      const [{ waiting = 0, running = 0 } = {}] = await queue.statistics();
      return waiting + running === 0;
    },
    60_000,
  );
  await until("all steps", async () => one.done.length + other.done.length === NUMBERS.length - 1);

  const steps = [victim, one, other].flatMap((each) => each.steps).toSorted((a, b) => a.at - b.at);
  expect(victim.steps.map(({ what, numbers }) => [what, numbers])).toEqual([
    ["begun", [1]],
    ["done", [1]],
    ["begun", [2, 3]],
  ]);
  const [, , , ...afterwards] = steps;
  // Each call is over before the next one begins.
  const calls = afterwards.filter(({ what }) => what === "begun").map(({ numbers }) => numbers);
  expect(afterwards.map(({ what, numbers }) => [what, numbers])).toEqual(
    calls.flatMap((numbers) => [
      ["begun", numbers],
      ["done", numbers],
    ]),
  );
  expect(calls.flat()).toEqual(NUMBERS.slice(1));
  expect(calls.some(({ length }) => length === 4)).toBe(true);
  expect(queue.troubles).toEqual([]);
});

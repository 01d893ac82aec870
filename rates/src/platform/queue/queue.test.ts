import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { testDatabase } from "../../../../tests/support/database";
import { until } from "../../../../tests/support/until";
import { each, IN_ORDER, SIDE_BY_SIDE, testQueue } from "../../../testing/queue";
import { DatabaseUnavailable } from "../database/failure";
import type { QueueDefinition } from "./definition";

/** Collects what a handler was given. */
function collector<Payload>(work: (payload: Payload) => Promise<void> | void = () => {}) {
  const seen: Payload[] = [];
  const handler = each(async (payload: Payload) => {
    seen.push(payload);
    await work(payload);
  });
  return { seen, handler };
}

async function settled(queue: ReturnType<typeof testQueue>, { name }: QueueDefinition) {
  return until(`${name} to be settled`, async () => {
    const found = (await queue.statistics()).find((one) => one.name === name);
    return found?.waiting === 0 && found.running === 0 && found;
  });
}

describe("a queue hands out what was published", () => {
  test("whole: any text that JSON can carry comes back as it was, also what PostgreSQL's JSON refuses", async () => {
    await using database = await testDatabase("empty");
    await using queue = testQueue(database);
    const payload = {
      nul: "a\u0000b",
      lone: "\ud800",
      deep: [[[{ "": null }]]],
      long: "x".repeat(300_000),
      big: 2 ** 53,
    };
    const { seen, handler } = collector();
    for (const sent of [payload, [], "text", 0, null, [1, "2"]]) await queue.publish(IN_ORDER, sent);
    queue.consume(IN_ORDER, handler);
    await settled(queue, IN_ORDER);
    expect(seen).toEqual([payload, [], "text", 0, null, [1, "2"]]);
  });

  test("in the order of publishing, one at a time over all processes, to whichever is there", async () => {
    await using database = await testDatabase("empty");
    await using publisher = testQueue(database);
    for (let n = 0; n < 30; n += 1) await publisher.publish(IN_ORDER, n);
    const seen: number[] = [];
    let running = 0;
    const handler = each(async (n: number) => {
      running += 1;
      expect(running).toBe(1);
      seen.push(n);
      await delay(1);
      running -= 1;
    });
    await using one = testQueue(database);
    await using other = testQueue(database);
    for (const queue of [one, other]) queue.consume(IN_ORDER, handler);
    await settled(publisher, IN_ORDER);
    expect(seen).toEqual(Array.from({ length: 30 }, (_, n) => n));
  });

  test("several at a time where no order is asked for, no more than told", async () => {
    await using database = await testDatabase("empty");
    await using queue = testQueue(database);
    for (let n = 0; n < 12; n += 1) await queue.publish(SIDE_BY_SIDE, n);
    let [running, most] = [0, 0];
    const { seen, handler } = collector<number>(async () => {
      running += 1;
      most = Math.max(most, running);
      await delay(50);
      running -= 1;
    });
    queue.consume(SIDE_BY_SIDE, handler, { concurrency: 4 });
    await settled(queue, SIDE_BY_SIDE);
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, n) => n));
    expect(most).toBe(4);
  });

  test("not before it is due", async () => {
    await using database = await testDatabase("empty");
    await using queue = testQueue(database);
    const dueAt = new Date(Date.now() + 700);
    const times: number[] = [];
    queue.consume(SIDE_BY_SIDE, async () => void times.push(Date.now()));
    await queue.publish(SIDE_BY_SIDE, "later", { dueAt });
    await until("the message", async () => times.length > 0);
    expect(times[0]).toBeGreaterThanOrEqual(dueAt.getTime());
  });

  test("once per key while a message of it is there, and again after it is gone", async () => {
    await using database = await testDatabase("empty");
    await using queue = testQueue(database);
    const again = () => queue.publish(IN_ORDER, "same", { dedupKey: "one" });
    await Promise.all([again(), again(), again()]);
    await queue.publish(IN_ORDER, "other", { dedupKey: "two" });
    const { seen, handler } = collector<string>();
    queue.consume(IN_ORDER, handler);
    await settled(queue, IN_ORDER);
    expect(seen.toSorted()).toEqual(["other", "same"]);
    await again();
    await until("the key's next message", async () => seen.length === 3);
  });
});

describe("a message that fails", () => {
  test("is tried again before any later one, and parked with its reason in the end; the later ones follow", async () => {
    await using database = await testDatabase("empty");
    await using queue = testQueue(database);
    for (const payload of ["poison", "good"]) await queue.publish(IN_ORDER, payload);
    const { seen, handler } = collector<string>((payload) => {
      if (payload === "poison") throw new Error("cannot be swallowed", { cause: new Error("it is poison") });
    });
    queue.consume(IN_ORDER, handler);
    expect(await settled(queue, IN_ORDER)).toMatchObject({ parked: 1 });
    expect(seen).toEqual(["poison", "poison", "poison", "good"]);
    expect(await queue.parked(IN_ORDER.name)).toMatchObject([
      { attempts: 3, reason: "cannot be swallowed (it is poison)", characters: 8 },
    ]);
    expect(queue.troubles.filter((line) => line.includes("parked"))).toHaveLength(1);
  });

  test("does not hold up others where no order is asked for", async () => {
    await using database = await testDatabase("empty");
    await using queue = testQueue(database);
    for (const payload of ["poison", "good"]) await queue.publish(SIDE_BY_SIDE, payload);
    const { seen, handler } = collector<string>((payload) => {
      if (payload === "poison") throw new Error("no");
    });
    queue.consume(SIDE_BY_SIDE, handler);
    expect(await settled(queue, SIDE_BY_SIDE)).toMatchObject({ parked: 1 });
    expect(seen).toEqual(["poison", "good", "poison", "poison"]);
  });

  test("for the database's being away is held until that is back, and no attempt is counted", async () => {
    await using database = await testDatabase("empty");
    await using queue = testQueue(database);
    const attempts: number[] = [];
    const handler = each((_payload, { attempt }) => {
      attempts.push(attempt);
      if (attempts.length <= 4) throw new DatabaseUnavailable("away");
    });
    queue.consume(IN_ORDER, handler);
    await queue.publish(IN_ORDER, "patient");
    await until("the fifth call", async () => attempts.length === 5);
    expect(await settled(queue, IN_ORDER)).toMatchObject({ parked: 0 });
    expect(attempts).toEqual([1, 1, 1, 1, 1]);
  });

  test("is left alone once the queue was emptied meanwhile", async () => {
    await using database = await testDatabase("empty");
    await using queue = testQueue(database);
    const { seen, handler } = collector(() => {
      throw new DatabaseUnavailable("away");
    });
    queue.consume(IN_ORDER, handler);
    await queue.publish(IN_ORDER, "of the old data");
    await until("the first call", async () => seen.length > 0);
    await database.query("DROP SCHEMA pgboss CASCADE");
    const calls = seen.length;
    await queue.publish(IN_ORDER, "of the new data");
    await until("the new one", async () => seen.at(-1) === "of the new data");
    expect(seen.slice(calls).filter((each) => each === "of the old data").length).toBeLessThanOrEqual(1);
  });

  test("because its process froze or was killed is handed out again when its lease is over, and is counted", async () => {
    await using database = await testDatabase("empty");
    await using queue = testQueue(database);
    await queue.publish(IN_ORDER, "orphan");
    const { id } = await takenByNobody(database);
    const seen: { id: string; attempt: number }[] = [];
    queue.consume(
      IN_ORDER,
      each((_payload, delivery) => void seen.push(delivery)),
    );
    await settled(queue, IN_ORDER);
    expect(seen).toEqual([{ id, attempt: 2, payload: "orphan" }]);
  });
});

describe("stop", () => {
  test("takes no more, lets what runs finish, and gives back what only waits for the database, uncounted", async () => {
    await using database = await testDatabase("empty");
    await using next = testQueue(database);
    await using queue = testQueue(database);
    let finished = false;
    queue.consume(IN_ORDER, async () => {
      await delay(300);
      finished = true;
    });
    queue.consume(SIDE_BY_SIDE, async () => {
      throw new DatabaseUnavailable("away");
    });
    for (const definition of [IN_ORDER, IN_ORDER, SIDE_BY_SIDE]) await queue.publish(definition, "message");
    await until("both to run", async () => (await queue.statistics()).every(({ running }) => running === 1));
    await queue.stop();
    expect(finished).toBe(true);
    expect(await queue.statistics()).toMatchObject([
      { name: "in-order", waiting: 1, running: 0 },
      { name: "side-by-side", waiting: 1, running: 0 },
    ]);
    const attempts: number[] = [];
    next.consume(
      SIDE_BY_SIDE,
      each((_payload, { attempt }) => void attempts.push(attempt)),
    );
    await settled(next, SIDE_BY_SIDE);
    expect(attempts).toEqual([1]);
  });
});

describe("parked messages", () => {
  test("go back by retry, with one more attempt, and for good by drop", async () => {
    await using database = await testDatabase("empty");
    await using queue = testQueue(database);
    const once = { ...SIDE_BY_SIDE, attempts: 1 };
    let isBad = true;
    const { seen, handler } = collector<string>(() => {
      if (isBad) throw new Error("not yet");
    });
    queue.consume(once, handler);
    for (const payload of ["one", "two"]) await queue.publish(once, payload);
    expect(await settled(queue, once)).toMatchObject({ parked: 2 });
    const [first, second] = (await queue.parked(once.name)).map(({ id }) => id);
    isBad = false;
    await queue.retry(once.name, [first ?? ""]);
    await until("the second attempt", async () => seen.length === 3);
    await queue.drop(once.name, [second ?? ""]);
    expect(await settled(queue, once)).toMatchObject({ parked: 0 });
    expect(seen).toEqual(["one", "two", "one"]);
  });
});

test("a queue that nobody has used is no error to ask, and costs no connection", async () => {
  await using database = await testDatabase("empty");
  await using queue = testQueue(database);
  const sessions =
    "SELECT FROM pg_stat_activity WHERE application_name = 'rates-queue' AND datname = current_database()";
  expect(await database.query(sessions)).toHaveLength(0);
  expect(await queue.parked("nothing")).toEqual([]);
  expect(await queue.statistics()).toEqual([]);
  expect(await database.query("SELECT FROM pg_namespace WHERE nspname = 'pgboss'")).toHaveLength(0);
});

/** As a process leaves a message that was killed longer ago than a lease. */
async function takenByNobody(database: Awaited<ReturnType<typeof testDatabase>>): Promise<{ id: string }> {
  const [taken] = await database.query<{ id: string }>(
    "UPDATE pgboss.job SET state = 'active', started_on = now() - interval '1 hour' RETURNING id",
  );
  if (!taken) throw new Error("there was no message to take");
  return taken;
}

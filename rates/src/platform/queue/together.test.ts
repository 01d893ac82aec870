import { describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../../../tests/support/database";
import { until } from "../../../../tests/support/until";
import { IN_ORDER, type TestQueue, testQueue } from "../../../testing/queue";
import { DatabaseUnavailable } from "../database/failure";
import type { Handler } from "./hold";

const TOGETHER = 8;

async function publish(queue: TestQueue, count: number): Promise<number[]> {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  for (const n of numbers) await queue.publish(IN_ORDER, n);
  return numbers;
}

/** Keeps the payloads of each call that went well. @param work may throw */
function recorder<Payload>(work: (payloads: readonly Payload[]) => Promise<void> | void = () => {}) {
  const [begun, done]: [Payload[][], Payload[][]] = [[], []];
  const handler: Handler<Payload> = async (messages) => {
    const payloads = messages.map(({ payload }) => payload);
    begun.push(payloads);
    await work(payloads);
    done.push(payloads);
  };
  return { begun, done, handler };
}

async function countsOf(queue: TestQueue) {
  const [{ waiting = -1, running = -1, parked = -1 } = {}] = await queue.statistics();
  return { waiting, running, parked };
}

function untilEmpty(queue: TestQueue) {
  return until("an empty queue", async () => {
    const { waiting, running } = await countsOf(queue);
    return waiting + running === 0;
  });
}

/** As after a process was frozen for longer than a lease. */
function endLeases(database: TestDatabase) {
  return database.query("UPDATE pgboss.job SET started_on = now() - interval '1 hour' WHERE state = 'active'");
}

/** A promise that a test keeps when it wants to. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe("the next messages of a queue in order come together", () => {
  test("in their order, twice as many at each call, up to the most", async () => {
    await using database = await testDatabase("empty");
    await using queue = testQueue(database);
    const numbers = await publish(queue, 30);
    const { done, handler } = recorder<number>();
    queue.consume(IN_ORDER, handler, { together: TOGETHER });
    await untilEmpty(queue);
    expect(done.flat()).toEqual(numbers);
    expect(done.map(({ length }) => length)).toEqual([1, 2, 4, 8, 8, 7]);
  });

  test("with two million characters at most, where one alone does not have more", async () => {
    await using database = await testDatabase("empty");
    await using queue = testQueue(database);
    const sizes = [1, 1, 900_000, 900_000, 900_000, 3_000_000, 1, 1];
    for (const size of sizes) await queue.publish(IN_ORDER, "x".repeat(size));
    const { done, handler } = recorder<string>();
    queue.consume(IN_ORDER, handler, { together: TOGETHER });
    await untilEmpty(queue);
    expect(done.map((call) => call.map(({ length }) => length))).toEqual([
      [1],
      [1, 900_000],
      [900_000, 900_000],
      [3_000_000],
      [1, 1],
    ]);
  });

  test("to one process at a time: what the others find is nothing, and the queue is told as one that runs", async () => {
    await using database = await testDatabase("empty");
    await using one = testQueue(database);
    await using other = testQueue(database);
    const { opened, open } = gate();
    const first = recorder<number>((numbers) => (numbers.length > 1 ? opened : undefined));
    const second = recorder<number>();
    const numbers = await publish(one, 6);
    one.consume(IN_ORDER, first.handler, { together: TOGETHER });
    await until("two together", async () => first.begun.length === 2);
    other.consume(IN_ORDER, second.handler, { together: TOGETHER });
    await until("a look in vain", async () => refusals(database));
    expect([await countsOf(one), second.begun]).toEqual([{ waiting: 4, running: 1, parked: 0 }, []]);
    open();
    await untilEmpty(one);
    expect([...first.done.flat(), ...second.done.flat()].toSorted((a, b) => a - b)).toEqual(numbers);
  });

  test("under a lease that is renewed while they are worked on", async () => {
    await using database = await testDatabase("empty");
    await using queue = testQueue(database);
    const { opened, open } = gate();
    const { begun, handler } = recorder<number>(() => opened);
    await publish(queue, 1);
    queue.consume(IN_ORDER, handler, { together: TOGETHER });
    await until("a call", async () => begun.length === 1);
    await database.query("UPDATE pgboss.job SET started_on = now() - interval '9 s'");
    await until("a renewal", async () => {
      const young = "SELECT FROM pgboss.job WHERE state = 'active' AND started_on > now() - interval '5 s'";
      return (await database.query(young)).length > 0;
    });
    open();
    await untilEmpty(queue);
    expect(begun).toEqual([[1]]);
  });
});

/** Whether a statement of the queue was refused, which is what happens to the second who takes. */
async function refusals(database: TestDatabase): Promise<boolean> {
  const [row] = await database.query<{ count: number }>(
    "SELECT xact_rollback::integer AS count FROM pg_stat_database WHERE datname = current_database()",
  );
  return (row?.count ?? 0) > 0;
}

describe("where messages that came together fail", () => {
  test("the one that is to blame is found, counted and parked; each of the others is done once, in order", async () => {
    await using database = await testDatabase("empty");
    await using queue = testQueue(database);
    const numbers = await publish(queue, 30);
    const { begun, done, handler } = recorder<number>((payloads) => {
      if (payloads.includes(13)) throw new Error("thirteen");
    });
    queue.consume(IN_ORDER, handler, { together: TOGETHER });
    await untilEmpty(queue);
    expect(done.flat()).toEqual(numbers.filter((n) => n !== 13));
    expect(await queue.parked(IN_ORDER.name)).toMatchObject([{ attempts: 3, reason: "thirteen" }]);
    expect(begun.filter(([first, ...others]) => first === 13 && others.length === 0)).toHaveLength(3);
    expect(queue.troubles.filter((line) => line.includes("message failed"))).toHaveLength(3);
  });

  test("because they are too many for the database's limits, fewer are tried, and nothing is parked", async () => {
    await using database = await testDatabase("empty");
    await using queue = testQueue(database);
    const numbers = await publish(queue, 30);
    const { done, handler } = recorder<number>((payloads) => {
      if (payloads.length > 2) throw new DatabaseUnavailable("The database took too long to answer.");
    });
    queue.consume(IN_ORDER, handler, { together: TOGETHER });
    await untilEmpty(queue);
    expect(done.flat()).toEqual(numbers);
    expect(await countsOf(queue)).toEqual({ waiting: 0, running: 0, parked: 0 });
  });
});

describe("messages that came together and are not done", () => {
  test("are given back by a process that stops, uncounted and in order", async () => {
    await using database = await testDatabase("empty");
    await using next = testQueue(database);
    await using queue = testQueue(database);
    const numbers = await publish(queue, 10);
    const { begun, done, handler } = recorder<number>((payloads) => {
      if (payloads.includes(6)) throw new DatabaseUnavailable("away");
    });
    queue.consume(IN_ORDER, handler, { together: TOGETHER });
    await until("a call in vain", async () => begun.length > done.length);
    await queue.stop();
    expect(await countsOf(queue)).toEqual({ waiting: 10 - done.flat().length, running: 0, parked: 0 });
    const attempts: number[] = [];
    const rest = recorder<number>();
    const counting: Handler<number> = async (messages) => {
      attempts.push(...messages.map(({ attempt }) => attempt));
      await rest.handler(messages);
    };
    next.consume(IN_ORDER, counting, { together: TOGETHER });
    await untilEmpty(next);
    expect([...done.flat(), ...rest.done.flat()]).toEqual(numbers);
    expect(new Set(attempts)).toEqual(new Set([1]));
  });

  test("are left to the process that has them by now, where one comes back too late", async () => {
    await using database = await testDatabase("empty");
    await using frozen = testQueue(database);
    await using next = testQueue(database);
    const [first, second] = [gate(), gate()];
    const late = recorder<number>((numbers) => (numbers.length > 1 ? first.opened : undefined));
    const heir = recorder<number>(() => second.opened);
    await publish(frozen, 3);
    frozen.consume(IN_ORDER, late.handler, { together: TOGETHER });
    await until("two together", async () => late.begun.length === 2);
    await endLeases(database);
    next.consume(IN_ORDER, heir.handler, { together: TOGETHER });
    await until("the heir", async () => heir.begun.length === 1);
    first.open();
    await frozen.stop();
    expect([late.done, await countsOf(next)]).toEqual([[[1], [2, 3]], { waiting: 1, running: 1, parked: 0 }]);
    second.open();
    await untilEmpty(next);
    expect(heir.done.flat()).toEqual([2, 3]);
  });
});

test("one that comes back to the queue while another is taken goes first all the same", async () => {
  await using database = await testDatabase("empty");
  await using queue = testQueue(database);
  await publish(queue, 3);
  await using client = await database.connect();
  // As `fail` does in another process: the message is passed over as long as its row is locked.
  await client.query("BEGIN");
  await client.query("SELECT FROM pgboss.job ORDER BY created_on, id LIMIT 1 FOR UPDATE");
  const { done, handler } = recorder<number>();
  queue.consume(IN_ORDER, handler, { together: TOGETHER });
  await until("a message to be given back", async () => {
    const [row] = await database.query<{ count: number }>(
      "SELECT sum(n_tup_upd)::integer AS count FROM pg_stat_user_tables WHERE schemaname = 'pgboss'",
    );
    return (row?.count ?? 0) >= 2;
  });
  expect(done).toEqual([]);
  await client.query("COMMIT");
  await untilEmpty(queue);
  expect(done.flat()).toEqual([1, 2, 3]);
});

import { array, assert, asyncProperty, boolean, constantFrom, integer, record } from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../../tests/support/database";
import { atScale } from "../../../tests/support/scale";
import { environmentFor } from "../../testing/api";
import { EVENT_DIFFERENCES_SQL } from "../../testing/events";
import { loadConfig } from "../config";
import type { Event } from "./event";
import { EventIds } from "./event-id";
import { EventStore } from "./event-store";
import { DEFAULT_FIELDS } from "./fields";
import { GroupCommit } from "./group-commit";
import { normaliser } from "./normalise";
import { rawEventsOf } from "./raw-events";

let database: TestDatabase;
let store: EventStore;

const open = () => new EventStore(loadConfig(environmentFor(database)), () => {});

beforeAll(async () => {
  database = await testDatabase("migrated");
  store = open();
});

afterAll(async () => {
  expect(await database.query(EVENT_DIFFERENCES_SQL)).toEqual([]);
  await store?.close();
  await database?.[Symbol.asyncDispose]();
});

const ids = new EventIds();
const normalise = normaliser(DEFAULT_FIELDS);

function accepted(sent: readonly object[], receivedAt = new Date().toISOString()): Event[] {
  return rawEventsOf(Buffer.from(JSON.stringify(sent)), 10_000).map((raw, index) =>
    normalise(raw, { id: ids.next(), receivedAt, key: undefined, index }),
  );
}

interface Row extends Record<string, unknown> {
  readonly id: string;
  readonly amount: string | null;
  readonly status: string;
  readonly reason: string | null;
}

function rowsOf(client: string): Promise<Row[]> {
  return database.query<Row>("SELECT id, amount::text, status, reason FROM events WHERE client_id = $1 ORDER BY id", [
    client,
  ]);
}

/** Makes the database refuse amounts of 13 that are to be counted. */
const REFUSE_SQL = `
  CREATE FUNCTION refuse_thirteen() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF NEW.amount = 13 AND NEW.status = 'processed' THEN RAISE EXCEPTION 'thirteen'; END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER refuse_thirteen BEFORE INSERT OR UPDATE ON events FOR EACH ROW EXECUTE FUNCTION refuse_thirteen()`;

const ALLOW_SQL = "DROP TRIGGER refuse_thirteen ON events; DROP FUNCTION refuse_thirteen()";

describe("storing events", () => {
  test("twice, as a queue does that was cut off before it heard of the first, counts them once and is no duplicate", async () => {
    const received = "2025-05-06T07:08:09.100Z";
    const events = accepted(
      [
        { source: "again", amount: 1 },
        { source: "again", amount: 2 },
      ],
      received,
    );
    const first = await store.store(events);
    expect(await store.store(events)).toEqual(first);
    expect(first.map(({ isDuplicate, eventId }) => [isDuplicate, eventId])).toEqual(
      events.map(({ id }) => [false, id]),
    );
    expect(
      await database.query(
        "SELECT count(*), min(received_at) = $1 AND max(occurred_at) = $1 AS kept FROM events WHERE client_id = 'again'",
        [received],
      ),
    ).toEqual([{ count: "2", kept: true }]);
  });

  test("keeps the order of arrival in the ids", async () => {
    const events = accepted(
      Array.from({ length: 5_000 }, (_, amount) => ({ source: "order", amount, ts: "2024-01-01" })),
    );
    await store.store(events);
    const rows = await rowsOf("order");
    expect(rows.map(({ amount }) => Number(amount))).toEqual(events.map((_, index) => index));
  });

  test("answers later ones of the same call as duplicates of the first", async () => {
    const [first, second, third] = accepted(
      [1, 2, 1].map((amount) => ({ source: "within", amount, ts: "2024-01-01" })),
    );
    if (!first || !second || !third) throw new Error("three events");
    const settled = await store.store([first, second, third]);
    expect(settled.map(({ eventId, isDuplicate }) => [eventId, isDuplicate])).toEqual([
      [first.id, false],
      [second.id, false],
      [first.id, true],
    ]);
  });

  test("with one that the database refuses stores its neighbours and keeps that one as failed, until it is taken", async () => {
    const sent = Array.from({ length: 40 }, (_, amount) => ({ source: "poison", amount, ts: "2024-01-01" }));
    await database.query(REFUSE_SQL);
    const settled = await store.store(accepted(sent));
    const again = await store.store(accepted(sent));
    await database.query(ALLOW_SQL);
    expect(settled.map(({ status }) => status)).toEqual(
      sent.map(({ amount }) => (amount === 13 ? "failed" : "processed")),
    );
    expect(settled[13]?.reason).toBe("the database refused it (SQLSTATE P0001); send it again");
    expect(again.map(({ status }) => status)).toEqual(settled.map(({ status }) => status));
    expect(await database.query(EVENT_DIFFERENCES_SQL)).toEqual([]);
    const mended = await store.store(accepted(sent));
    expect(mended[13]).toEqual({
      eventId: settled[13]?.eventId,
      status: "processed",
      reason: null,
      isDuplicate: false,
    });
    expect(mended.filter(({ isDuplicate }) => isDuplicate)).toHaveLength(39);
    expect(
      (await rowsOf("poison")).filter(({ status, reason }) => status === "processed" && reason === null),
    ).toHaveLength(40);
  });

  test("from several requests in one group: the poison of one costs the others nothing", async () => {
    await database.query(REFUSE_SQL);
    const group = new GroupCommit({ store: (events) => store.store(events), mostEvents: 1_000, mostBytes: 1_000_000 });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, amount) =>
        group.submit(accepted([{ source: "grouped", amount, ts: "2024-01-02" }])),
      ),
    );
    await database.query(ALLOW_SQL);
    expect(answers.map(([settled]) => settled?.status)).toEqual(
      Array.from({ length: 20 }, (_, amount) => (amount === 13 ? "failed" : "processed")),
    );
  });

  test("that were failed on purpose leaves no trace but audit rows, also where the database refuses them anyway", async () => {
    await database.query(REFUSE_SQL);
    const settled = await store.failToStore(
      accepted([{ source: "doubly", amount: 13 }, { source: "doubly", amount: 1 }, { source: "doubly" }]),
    );
    await database.query(ALLOW_SQL);
    expect(settled.map(({ status }) => status)).toEqual(["failed", "failed", "rejected"]);
    expect((await rowsOf("doubly")).map(({ status }) => status)).toEqual(["failed", "failed", "rejected"]);
  });

  test("from many writers with the same events in other orders ends, and each is counted once", async () => {
    const sent = Array.from({ length: 200 }, (_, amount) => ({
      source: `c${amount % 7}-crossing`,
      amount,
      ts: `2024-01-0${1 + (amount % 3)}`,
    }));
    const stores = Array.from({ length: 4 }, open);
    const failed = await store.failToStore(accepted(sent.slice(0, 100)));
    expect(failed).toHaveLength(100);
    const settled = await Promise.all(
      stores.map((each, index) => each.store(accepted(index % 2 === 0 ? sent : sent.toReversed()))),
    );
    await Promise.all(stores.map((each) => each.close()));
    const results = settled.flat();
    expect(results.map(({ status }) => status)).toEqual(Array(800).fill("processed"));
    expect(results.filter(({ isDuplicate }) => !isDuplicate)).toHaveLength(200);
    expect(await database.query(EVENT_DIFFERENCES_SQL)).toEqual([]);
  });

  test("whose connection is lost is done again on another", async () => {
    await store.store(accepted([{ source: "cut", amount: 0 }]));
    await database.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%INSERT INTO events%'",
    );
    const settled = await store.store(accepted([{ source: "cut", amount: 1 }]));
    expect(settled).toMatchObject([{ status: "processed", isDuplicate: false }]);
  });

  test("sums to the last digit", async () => {
    const amounts = ["0.1", "0.2", "12345678901234567890.123456789", "-12345678901234567890.123456789"];
    await store.store(accepted(amounts.map((amount) => ({ source: "exact", amount, ts: "2024-01-01" }))));
    expect(await database.query("SELECT sum::text FROM event_hours WHERE client_id = 'exact'")).toEqual([
      { sum: "0.300000000" },
    ]);
  });
});

const event = record({
  source: constantFrom("m1", "m2", "", "m1|m2"),
  metric: constantFrom("a", "b", undefined),
  amount: constantFrom(1, "2.5", -3, "x", undefined),
  ts: constantFrom("2024-01-01", "2024-01-01T00:59:59.999Z", "2024-01-01T01:00:00Z", "bad", undefined),
  eventId: constantFrom(undefined, undefined, "e1", "e2"),
});
const step = record({
  events: array(event, { maxLength: 12 }),
  isToFail: boolean(),
  writer: integer({ min: 0, max: 1 }),
});

test("the rollup and the counters equal the rows after any mix of events", { timeout: 300_000 }, async () => {
  await using own = await testDatabase("migrated");
  await using client = await own.connect();
  const stores = [0, 1].map(() => new EventStore(loadConfig(environmentFor(own)), () => {}));
  await assert(
    asyncProperty(array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
      await Promise.all(
        steps.map(({ events, isToFail, writer }) => {
          const rows = accepted(events);
          return isToFail ? stores[writer]?.failToStore(rows) : stores[writer]?.store(rows);
        }),
      );
      expect((await client.query(EVENT_DIFFERENCES_SQL)).rows).toEqual([]);
    }),
    { numRuns: atScale({ ci: 25, full: 500 }) },
  );
  await Promise.all(stores.map((each) => each.close()));
});

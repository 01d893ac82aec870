import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type TestServer, testServer } from "../../../tests/support/server";
import { until } from "../../../tests/support/until";
import { type TestApi, testApi } from "../../testing/api";
import { EVENT_DIFFERENCES_SQL, pushEvents } from "../../testing/events";
import { PUSHED_EVENTS } from "./event-queue";

/** Short enough for a test to wait for. */
const limits = { DATABASE_CONNECT_TIMEOUT_MS: "1000", DATABASE_QUERY_TIMEOUT_MS: "1000", DATABASE_PROBE_AFTER_MS: "0" };

let data: TestServer;
let messages: TestServer;
let database: string;
let api: TestApi;

beforeAll(async () => {
  [data, messages] = await Promise.all([testServer(), testServer()]);
});

beforeEach(async () => {
  database = await data.createDatabase("migrated");
  api = await startApi(await messages.createDatabase("empty"));
});

afterEach(() => api?.[Symbol.asyncDispose]());

afterAll(async () => {
  await data?.[Symbol.asyncDispose]();
  await messages?.[Symbol.asyncDispose]();
});

function startApi(queue: string): Promise<TestApi> {
  return testApi(
    { url: data.url(database), passwordFile: data.passwordFile },
    { ...limits, QUEUE_URL: messages.url(queue), QUEUE_PASSWORD_FILE: messages.passwordFile },
  );
}

function event(amount: number) {
  return { source: "a", metric: "m", amount, ts: "2024-05-01T00:00:00Z" };
}

interface Stored {
  readonly amount: number;
  readonly received: Date;
}

/** In the order in which they were accepted. */
async function stored(): Promise<Stored[]> {
  await using client = await data.connect(database);
  expect((await client.query(EVENT_DIFFERENCES_SQL)).rows).toEqual([]);
  const { rows } = await client.query<Stored>(
    "SELECT amount::integer AS amount, received_at AS received FROM events WHERE status = 'processed' ORDER BY id",
  );
  return rows;
}

async function untilStored(count: number): Promise<Stored[]> {
  return await until(`${count} events`, async () => {
    const rows = await stored();
    return rows.length >= count && rows;
  });
}

describe("while the database is away", () => {
  test("events are queued, and stored once each and as they came when it is back", { timeout: 60_000 }, async () => {
    expect((await pushEvents(api.port, event(1))).status).toBe(200);
    await data.stop();
    const begun = new Date();
    // The first of them is there already, and one is sent twice.
    const single = await pushEvents(api.port, event(1));
    const several = await pushEvents(api.port, [event(2), event(3), event(3)]);
    const many = await Promise.all([4, 5, 6, 7, 8].map((amount) => pushEvents(api.port, event(amount))));
    const back = new Date();
    await data.start();
    const rows = await untilStored(8);
    expect([single.status, single.json]).toEqual([202, { success: true, processed: 0, failed: 0, queued: 1 }]);
    expect([several.status, several.json]).toEqual([202, { success: true, processed: 0, failed: 0, queued: 3 }]);
    expect(many.map(({ status }) => status)).toEqual(many.map(() => 202));
    expect(rows.map(({ amount }) => amount).slice(0, 3)).toEqual([1, 2, 3]);
    expect(rows.map(({ amount }) => amount).toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(rows.slice(1).every(({ received }) => received >= begun && received <= back)).toBe(true);
    await until("an empty queue", async () =>
      (await api.queue?.statistics())?.every(({ waiting, running, parked }) => waiting + running + parked === 0),
    );
  });

  test("and the queue as well, nothing is claimed and nothing is kept", { timeout: 60_000 }, async () => {
    await pushEvents(api.port, event(1));
    await Promise.all([data.stop(), messages.stop()]);
    const refused = await pushEvents(api.port, [event(2), event(3)]);
    await Promise.all([data.start(), messages.start()]);
    expect(refused.status).toBe(503);
    expect(refused.json).toMatchObject({ type: "urn:rates:problem:database-unavailable" });
    expect(refused.json.detail).toMatch(/The queue takes no events either\.$/);
    await until("the database", async () => (await pushEvents(api.port, event(4))).status === 200);
    expect((await stored()).map(({ amount }) => amount)).toEqual([1, 4]);
  });

  test("what one process queued is stored by the next one", { timeout: 60_000 }, async () => {
    const queue = await messages.createDatabase("empty");
    const first = await startApi(queue);
    await pushEvents(first.port, event(1));
    await data.stop();
    expect((await pushEvents(first.port, event(2))).status).toBe(202);
    await first[Symbol.asyncDispose]();
    await data.start();
    await using _second = await startApi(queue);
    expect((await untilStored(2)).map(({ amount }) => amount)).toEqual([1, 2]);
  });
});

test("a message that is no events is parked with its reason, and those behind it are stored", {
  timeout: 60_000,
}, async () => {
  await data.stop();
  await api.queue?.publish({ ...PUSHED_EVENTS, attempts: 1 }, [{ nonsense: true }]);
  expect((await pushEvents(api.port, event(2))).status).toBe(202);
  await data.start();
  expect((await untilStored(1)).map(({ amount }) => amount)).toEqual([2]);
  expect(await api.queue?.parked(PUSHED_EVENTS.name)).toMatchObject([{ attempts: 1, reason: expect.any(String) }]);
});

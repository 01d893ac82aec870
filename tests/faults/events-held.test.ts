import { resolve } from "node:path";
import { buildService } from "infra/images/api/bundle";
import type { QueryResultRow } from "pg";
import { pushEvents } from "rates/testing/events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../support/until";
import { auditEvents } from "./events-audit";
import type { EventEntry } from "./events-entry";
import { type PatchedBundle, patchedBundle, SHORT_CLOCK } from "./harness/patched-bundle";
import { type Servers, Stage, startServers } from "./harness/stage";

/** Requests of one event, one after the other: as many messages, which are taken by one, two, four and so on. */
const EVENTS = 60;
/** One of the last, so that many are held with it. */
const BLOCKED = 40;
const OUTAGE = { target: "data", means: "kill" } as const;
const KILL = { target: "api", means: "kill" } as const;

/** Whoever stores that event waits as long as the gate has a row. */
const CLOSE_GATE = `
  CREATE TABLE gate AS SELECT true AS closed;
  CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      WHILE EXISTS (SELECT FROM gate) LOOP PERFORM pg_sleep(0.02); END LOOP;
      RETURN NEW;
    END $$;
  CREATE TRIGGER gate BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.amount = ${BLOCKED}) EXECUTE FUNCTION wait_at_gate()`;
const WAITING = `
  SELECT pid FROM pg_stat_activity
  WHERE datname = current_database() AND wait_event = 'PgSleep' AND pid <> pg_backend_pid()`;
const LEFT = "SELECT count(*)::integer AS count FROM pgboss.job";

const ACKNOWLEDGED: readonly EventEntry[] = Array.from({ length: EVENTS }, (_, index) => ({
  client: "a",
  amounts: [index + 1],
  what: "queued",
}));

let servers: Servers;
let bundle: PatchedBundle;

beforeAll(async () => {
  servers = await startServers();
  bundle = patchedBundle((await buildService(resolve(__dirname, "../.."))).file, SHORT_CLOCK);
});

afterAll(async () => {
  bundle?.[Symbol.dispose]();
  await servers?.[Symbol.asyncDispose]();
});

async function rowsOf<Row extends QueryResultRow>({ server, database }: Stage["data"], sql: string): Promise<Row[]> {
  await using client = await server.connect(database);
  return (await client.query<Row>(sql)).rows;
}

async function messagesLeft({ queue }: Stage): Promise<number | undefined> {
  return (await rowsOf<{ count: number }>(queue, LEFT))[0]?.count;
}

/** Leaves the service in the middle of storing many messages, which were queued in an outage. */
async function storeMany(stage: Stage): Promise<void> {
  await rowsOf(stage.data, CLOSE_GATE);
  await stage.inflict(OUTAGE);
  for (const { client: source, amounts } of ACKNOWLEDGED) {
    const event = { source, metric: "m", amount: amounts[0], ts: "2024-05-01T00:00:00Z" };
    const { status } = await pushEvents(stage.port, event);
    expect(status).toBe(202);
  }
  await stage.mend(OUTAGE);
  await until("a statement at the gate", async () => (await rowsOf(stage.data, WAITING)).length > 0);
}

describe("a service that is killed while it holds many messages loses none of their events and doubles none", () => {
  test.each([
    ["when its statement is undone", `SELECT pg_terminate_backend(pid) FROM (${WAITING}) AS waiting`],
    ["when its statement is committed all the same", "SELECT"],
  ])("%s", { timeout: 120_000 }, async (_when, end) => {
    const environment = { DATABASE_QUERY_TIMEOUT_MS: "60000" };
    await using stage = await Stage.open({ servers, bundle: bundle.file, environment });
    await storeMany(stage);
    const held = (await messagesLeft(stage)) ?? 0;
    expect(held).toBeGreaterThan(10);
    await stage.inflict(KILL);
    // None is told as lost as long as the queue has some.
    expect(await auditEvents(stage, ACKNOWLEDGED, 0)).toEqual([
      expect.stringMatching(/^the queue holds .*"running":1/),
      `undecided: ${held} acknowledged events are not stored, and the queue holds some still`,
    ]);
    await rowsOf(stage.data, end);
    await rowsOf(stage.data, "DELETE FROM gate");
    await stage.mend(KILL);
    expect(await auditEvents(stage, ACKNOWLEDGED)).toEqual([]);
  });
});

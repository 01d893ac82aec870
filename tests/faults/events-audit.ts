import type { Connection } from "infra/copies/connection";
import { COUNTS } from "rates/src/platform/queue/queries";
import type { QueueStatistics } from "rates/src/platform/queue/queue";
import { EVENT_DIFFERENCES_SQL } from "rates/testing/events";
import { until } from "../support/until";
import type { EventEntry } from "./events-entry";
import type { Stage } from "./harness/stage";

/** Most ms until the queue is worked off: a lease, a poll and a backlog of some hundred events take two seconds. */
const DRAIN_LIMIT_MS = 30_000;

const EVENTS_SQL = `SELECT client_id || '/' || amount::text AS event, id::text AS id, status FROM events`;

interface EventRow {
  readonly event: string;
  readonly id: string;
  readonly status: string;
}

/** What clients know of one event. */
interface Known {
  isAcknowledged: boolean;
  /** Ids that it was answered with, and how often it was answered as the first of its kind. */
  readonly ids: Set<string>;
  firsts: number;
}

/**
 * Compares what was acknowledged with what is there, once the queue is empty.
 * @param limitMs longest wait for that
 * @returns what is wrong
 */
export async function auditEvents(
  stage: Pick<Stage, "data" | "queue">,
  entries: readonly EventEntry[],
  limitMs = DRAIN_LIMIT_MS,
): Promise<string[]> {
  const left = await drained(stage, limitMs);
  const isDecided = left.length === 0;
  await using client = await stage.data.server.connect(stage.data.database);
  const { rows } = await client.query<EventRow>(EVENTS_SQL);
  const { rows: differences } = await client.query<object>(EVENT_DIFFERENCES_SQL);
  const unexpected = entries.filter((entry) => entry.what === "unexpected").map(({ answer }) => `answered: ${answer}`);
  const differing = differences.map((row) => `rollup and rows differ: ${JSON.stringify(row)}`);
  return [...left, ...unexpected, ...differing, ...compared(knownOf(entries), rows, isDecided)];
}

/** Waits until nothing waits or is worked on. @returns what is left all the same, and what is parked */
async function drained({ queue }: Pick<Stage, "queue">, limitMs: number): Promise<string[]> {
  await using client = await queue.server.connect(queue.database);
  const isEmpty = async () => (await countsOf(client)).every(({ waiting, running }) => waiting + running === 0);
  await until("an empty queue", isEmpty, limitMs).catch(() => {}); // told below
  return (await countsOf(client))
    .filter(({ waiting, running, parked }) => waiting + running + parked > 0)
    .map((counts) => `the queue holds ${JSON.stringify(counts)}`);
}

/** Nothing where no event was ever queued. */
async function countsOf(client: Connection): Promise<QueueStatistics[]> {
  const { rowCount } = await client.query("SELECT FROM pg_class WHERE oid = to_regclass('pgboss.job')");
  return rowCount ? (await client.query<QueueStatistics & Record<string, unknown>>(COUNTS)).rows : [];
}

function knownOf(entries: readonly EventEntry[]): Map<string, Known> {
  const known = new Map<string, Known>();
  for (const entry of entries) {
    for (const [place, amount] of entry.amounts.entries()) {
      const event = `${entry.client}/${amount}`;
      const one = known.get(event) ?? { isAcknowledged: false, ids: new Set(), firsts: 0 };
      known.set(event, one);
      one.isAcknowledged ||= entry.what === "queued" || entry.what === "stored";
      const result = entry.what === "stored" ? entry.results[place] : undefined;
      if (result) one.ids.add(result.eventId);
      if (result && !result.isDuplicate) one.firsts += 1;
    }
  }
  return known;
}

/** @param isDecided whether nothing is in the queue any more: until then what is not stored may still be there */
function compared(known: ReadonlyMap<string, Known>, rows: readonly EventRow[], isDecided: boolean): string[] {
  const byEvent = new Map<string, EventRow[]>();
  for (const row of rows) byEvent.set(row.event, [...(byEvent.get(row.event) ?? []), row]);
  const processed = new Set(rows.filter(({ status }) => status === "processed").map(({ event }) => event));
  const missing = [...known].filter(([event, { isAcknowledged }]) => isAcknowledged && !processed.has(event));
  const unknown = rows.filter(({ event }) => !known.has(event)).map(({ event }) => `never sent: ${event}`);
  return [
    ...unknown,
    ...(isDecided ? missing.map(([event]) => `lost: ${event}`) : undecided(missing.length)),
    ...[...known].flatMap(([event, one]) => problemsOf(event, one, byEvent.get(event) ?? [])),
  ];
}

function undecided(count: number): string[] {
  return count === 0 ? [] : [`undecided: ${count} acknowledged events are not stored, and the queue holds some still`];
}

function problemsOf(event: string, { ids, firsts }: Known, rows: readonly EventRow[]): string[] {
  const processed = rows.filter(({ status }) => status === "processed");
  const stored = new Set(rows.map(({ id }) => id));
  return [
    ...(processed.length > 1 ? [`double: ${event} is there ${processed.length} times`] : []),
    ...(rows.length > processed.length ? [`not processed: ${event}`] : []),
    ...(firsts > 1 ? [`${event} was answered ${firsts} times as the first one`] : []),
    ...[...ids].filter((id) => !stored.has(id)).map((id) => `${event} was answered as ${id}, which is not there`),
  ];
}

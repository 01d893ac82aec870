import type { Database } from "../platform/database/database";
import type { EventStatus } from "./event";
import { cut, type Period } from "./period";

/** Which events are asked for; what is left out is any. */
export interface EventFilter {
  readonly clientId?: string | undefined;
  readonly metric?: string | undefined;
  readonly status?: EventStatus | undefined;
  readonly period: Period;
}

/** Arrays, numbers and JSON stay as PostgreSQL writes them: what is answered is text, too. */
const AS_TEXT = { getTypeParser: () => (text: string) => text };

/** The parameters of a statement whose conditions depend on what is asked for. */
class Parameters {
  readonly values: unknown[] = [];

  add(value: unknown, type: "text" | "timestamptz" | "bigint"): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}

interface Columns {
  readonly time: string;
  readonly client?: string;
  readonly metric?: string;
}

const OF_EVENTS: Columns = { time: "occurred_at", client: "client_id", metric: "metric" };
const OF_HOURS: Columns = { time: "hour", client: "client_id", metric: "metric" };
const OF_COUNTS: Columns = { time: "start" };

function conditions(filter: EventFilter, columns: Columns, parameters: Parameters): string {
  const { clientId, metric, status, period } = filter;
  return [
    "TRUE",
    clientId !== undefined && columns.client && `${columns.client} = ${parameters.add(clientId, "text")}`,
    metric !== undefined && columns.metric && `${columns.metric} = ${parameters.add(metric, "text")}`,
    // One of three words, and in the text because an index is for some of them alone.
    status !== undefined && `status = '${status}'`,
    period.from !== undefined && `${columns.time} >= ${parameters.add(period.from, "timestamptz")}`,
    period.until !== undefined && `${columns.time} < ${parameters.add(period.until, "timestamptz")}`,
  ]
    .filter(Boolean)
    .join(" AND ");
}

/** One row of the list, and with each the number of all events that were asked for; one without an id where none is listed. */
export interface ListedRow {
  readonly total: string;
  readonly id: string | null;
  readonly client_id: string | null;
  readonly metric: string;
  readonly amount: string | null;
  readonly occurred_at: string;
  readonly hash: string;
  readonly status: string;
  readonly reason: string | null;
  readonly payload: string;
  readonly processed_at: string;
}

/**
 * Events by falling time. The counters tell in which hour, and where no client is asked for in which minute, the page
 * begins; only from there on are entries of an index passed over. Rows are fetched for those of the page alone, one by one:
 * how many a parameter means is unknown to the planner, which would rather read the whole table. Total and page come from
 * one snapshot.
 */
export function listEvents(database: Database, filter: EventFilter, page: { limit: number; skip: number }) {
  const parameters = new Parameters();
  const skip = parameters.add(page.skip, "bigint");
  const text = `
    WITH buckets AS (${bucketsSql(filter, parameters)}
    ), ranked AS (
      SELECT *, sum(count) OVER (ORDER BY start DESC) - count AS above FROM buckets
    ), hit AS (
      SELECT * FROM ranked WHERE above <= ${skip} AND ${skip} < above + count
    ), minutes AS (
      SELECT until, count, above + sum(count) OVER (ORDER BY start DESC) - count AS above
      FROM (${minutesSql(filter)}) AS counted
    ), page_start AS (
      SELECT until, above FROM minutes WHERE above <= ${skip} AND ${skip} < above + count
      UNION ALL SELECT until, above FROM hit WHERE NOT EXISTS (SELECT FROM minutes)
    ), anchor AS (
      SELECT coalesce((SELECT sum(count) FROM buckets), 0) AS total, page_start.until, ${skip} - page_start.above AS more
      FROM (SELECT) AS one LEFT JOIN page_start ON TRUE
    )
    SELECT anchor.total, page.id, page.client_id, page.metric, page.amount,
      to_char(page.occurred_at AT TIME ZONE 'UTC', ${TIME_FORMAT}) AS occurred_at, encode(page.hash, 'hex') AS hash,
      page.status, page.reason, page.payload, to_char(page.processed_at AT TIME ZONE 'UTC', ${TIME_FORMAT}) AS processed_at
    FROM anchor LEFT JOIN LATERAL (
      SELECT occurred_at, id FROM events
      WHERE occurred_at < anchor.until AND ${conditions(filter, OF_EVENTS, parameters)}
      ORDER BY occurred_at DESC, id DESC OFFSET anchor.more LIMIT ${parameters.add(page.limit, "bigint")}
    ) AS place ON TRUE
    LEFT JOIN LATERAL (
      SELECT * FROM events WHERE occurred_at = place.occurred_at AND id = place.id LIMIT 1
    ) AS page ON TRUE
    ORDER BY page.occurred_at DESC, page.id DESC`;
  return database.read<ListedRow & Record<string, unknown>>({ text, values: parameters.values, types: AS_TEXT });
}

const TIME_FORMAT = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;

/** Counts by hour, those of the edges by a look at the rows. Columns: start, until, count, is_hour. */
function bucketsSql(filter: EventFilter, parameters: Parameters): string {
  const { hours, edges } = cut(filter.period);
  const source = filter.clientId === undefined ? "event_counts" : "event_hours";
  const columns = filter.clientId === undefined ? OF_COUNTS : OF_HOURS;
  const whole = hours && {
    sql: `
      SELECT ${columns.time} AS start, ${columns.time} + interval '1 hour' AS until, sum(count) AS count, TRUE AS is_hour
      FROM ${source} WHERE ${conditions({ ...filter, period: hours }, columns, parameters)}
        ${filter.clientId === undefined ? "AND seconds = 3600" : ""}
      GROUP BY ${columns.time}`,
  };
  const rest = edges.map((edge) => {
    const [from, until] = [parameters.add(edge.from, "timestamptz"), parameters.add(edge.until, "timestamptz")];
    return `
      SELECT ${from} AS start, ${until} AS until, count(*) AS count, FALSE AS is_hour
      FROM events WHERE ${conditions({ ...filter, period: edge }, OF_EVENTS, parameters)}`;
  });
  return [...(whole ? [whole.sql] : []), ...rest].join("\n      UNION ALL");
}

/** Counts by minute of the hour that was hit, where they are kept. Columns: start, until, count, above. */
function minutesSql({ clientId, status }: EventFilter): string {
  const ofStatus = status === undefined ? "" : `AND status = '${status}'`;
  return `
        SELECT counted.start, counted.start + interval '1 minute' AS until, sum(counted.count) AS count, hit.above
        FROM hit JOIN event_counts AS counted ON counted.seconds = 60 AND counted.start >= hit.start
          AND counted.start < hit.until ${ofStatus}
        WHERE hit.is_hour AND ${clientId === undefined ? "TRUE" : "FALSE"}
        GROUP BY counted.start, hit.above`;
}

/** By what sums are grouped. */
export type Grouping = "none" | "clientId" | "metric" | "both";

/** What events of one status and group add up to. Without amounts where they are not processed. */
export interface SumRow {
  readonly status: EventStatus;
  readonly client_id: string;
  readonly metric: string;
  readonly count: string;
  readonly sum: string | null;
  readonly mean: string | null;
  readonly min: string | null;
  readonly max: string | null;
}

const GROUP_COLUMNS: Readonly<Record<Grouping, readonly string[]>> = {
  none: [],
  clientId: ["client_id"],
  metric: ["metric"],
  both: ["client_id", "metric"],
};

/** Sums by falling sum: whole hours from the rollup, the edges of the period from the rows, in one snapshot. */
export function sumEvents(database: Database, filter: EventFilter, grouping: Grouping) {
  const parameters = new Parameters();
  const by = GROUP_COLUMNS[grouping];
  const text = `
    SELECT ${["status", ...by].join(", ")}, sum(count) AS count, trim_scale(sum(sum)) AS sum,
      trim_scale(sum(sum) / sum(count)) AS mean, trim_scale(min(min)) AS min, trim_scale(max(max)) AS max
    FROM (${summedSql(filter, parameters)}
    ) AS summed
    GROUP BY ${["status", ...by].join(", ")} HAVING sum(count) > 0
    ORDER BY ${["sum(sum) DESC NULLS LAST", ...by].join(", ")}`;
  return database.read<SumRow & Record<string, unknown>>({ text, values: parameters.values, types: AS_TEXT });
}

/** Columns: client_id, metric, status, count, sum, min, max. */
function summedSql(filter: EventFilter, parameters: Parameters): string {
  const { hours, edges } = cut(filter.period);
  const whole = hours && [
    `
      SELECT client_id, metric, status, count, sum, min, max
      FROM event_hours WHERE ${conditions({ ...filter, period: hours }, OF_HOURS, parameters)}`,
  ];
  const rest = edges.map(
    (edge) => `
      SELECT client_id, metric, status, 1 AS count, counted AS sum, counted AS min, counted AS max
      FROM (
        SELECT client_id, metric, status, CASE WHEN status = 'processed' THEN amount END AS counted
        FROM events WHERE ${conditions({ ...filter, period: edge }, OF_EVENTS, parameters)}
      ) AS edge`,
  );
  return [...(whole ?? []), ...rest].join("\n      UNION ALL");
}

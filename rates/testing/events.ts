import type { Agent } from "node:http";
import { type Answer, ask } from "./http";

/** What an answer to pushed events may hold. */
export interface PushJson {
  readonly success: boolean;
  readonly processed: number;
  readonly failed: number;
  readonly queued?: number;
  readonly results: readonly {
    readonly success: boolean;
    readonly eventId: string;
    readonly isDuplicate: boolean;
    readonly error: string | null;
  }[];
  readonly type?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly field: string; readonly value: unknown; readonly reason: string }[];
}

export interface PushOptions {
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly agent?: Agent;
}

/** Posts events, or a text or bytes as they are, and returns the answer with its body parsed. */
export async function pushEvents(
  port: number,
  events: object | string,
  { query = "", headers = {}, agent }: PushOptions = {},
): Promise<Answer & { readonly json: PushJson }> {
  const body = typeof events === "string" || Buffer.isBuffer(events) ? events : JSON.stringify(events);
  const answer = await ask(port, `/api/events${query}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body,
    ...(agent && { agent }),
  });
  return { ...answer, json: JSON.parse(answer.body) };
}

/** Where the rollup or the counters differ from what the rows say; nothing, always. */
export const EVENT_DIFFERENCES_SQL = `
  WITH hours AS (
    SELECT coalesce(client_id, '') AS client_id, metric, date_trunc('hour', occurred_at, 'UTC') AS hour, status,
      count(*) AS count, sum(amount) FILTER (WHERE status = 'processed') AS sum,
      min(amount) FILTER (WHERE status = 'processed') AS min, max(amount) FILTER (WHERE status = 'processed') AS max
    FROM events GROUP BY 1, 2, 3, 4
  ), counts AS (
    SELECT seconds, start, status, count(*) AS count
    FROM events, LATERAL (VALUES
      (3600, date_trunc('hour', occurred_at, 'UTC')), (60, date_trunc('minute', occurred_at, 'UTC'))
    ) AS bucket (seconds, start)
    GROUP BY 1, 2, 3
  ), rollup AS (SELECT * FROM event_hours WHERE count <> 0)
  SELECT 'hours' AS what, to_jsonb(expected) AS expected, to_jsonb(found) AS found
  FROM hours AS expected FULL JOIN rollup AS found USING (client_id, metric, hour, status)
  WHERE (expected.count, expected.sum, expected.min, expected.max)
    IS DISTINCT FROM (found.count, found.sum, found.min, found.max)
  UNION ALL
  SELECT 'counts', to_jsonb(expected), to_jsonb(found)
  FROM counts AS expected FULL JOIN (SELECT * FROM event_counts WHERE count <> 0) AS found USING (seconds, start, status)
  WHERE expected.count IS DISTINCT FROM found.count`;

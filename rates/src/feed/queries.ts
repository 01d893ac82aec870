/** The statements of the pull. */

/** Two numbers that no other lock of the service has: the pull of one database is one process' business. */
export const LOCK_SQL = "SELECT pg_try_advisory_lock(6604, 5) AS taken";

export const BEGIN_DURABLY_SQL = "BEGIN; SET LOCAL synchronous_commit = on";

/** Parameters: the part. */
export const PAGES_OF_PART_SQL = "SELECT pages::float8 AS pages FROM public.ingestion_state WHERE part = $1";

export const CREATE_STAGE_SQL = `
  CREATE TEMPORARY TABLE IF NOT EXISTS feed_stage (event_id text, occurred_at timestamptz, payload json) ON COMMIT DELETE ROWS`;

export const COPY_STAGE_SQL = "COPY pg_temp.feed_stage (event_id, occurred_at, payload) FROM STDIN";

/** In the order of the ids, so that two workers who store the same events never wait for each other in a circle. */
export const INSERT_PULLED_SQL = `
  INSERT INTO public.ingested_events (event_id, occurred_at, payload)
  SELECT event_id, occurred_at, payload FROM pg_temp.feed_stage ORDER BY event_id
  ON CONFLICT (event_id) DO NOTHING`;

/** Parameters: \`checkpointValues\`, then events received, events stored and entries without an id of this page. */
export const SAVE_CHECKPOINT_SQL = `
  INSERT INTO public.ingestion_state AS known (part, upstream, since_ms, until_ms, source, cursor, previous_cursor,
    low_water_ms, is_broken, pages, completed_at, received, stored, nameless)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, CASE WHEN $11 THEN now() END, $12, $13, $14)
  ON CONFLICT (part) DO UPDATE SET upstream = excluded.upstream, since_ms = excluded.since_ms,
    until_ms = excluded.until_ms, source = excluded.source, cursor = excluded.cursor,
    previous_cursor = excluded.previous_cursor, low_water_ms = excluded.low_water_ms, is_broken = excluded.is_broken,
    pages = excluded.pages, completed_at = excluded.completed_at, received = known.received + excluded.received,
    stored = known.stored + excluded.stored, nameless = known.nameless + excluded.nameless, updated_at = now()`;

export const READ_STATE_SQL = `
  SELECT part, upstream, since_ms::float8 AS since, until_ms::float8 AS until, source, cursor,
    previous_cursor AS "previousCursor", low_water_ms::float8 AS "lowWater", is_broken AS "isBroken",
    pages::float8 AS pages, received::float8 AS received, stored::float8 AS stored, nameless::float8 AS nameless,
    upstream_total::float8 AS total, completed_at IS NOT NULL AS "isComplete"
  FROM public.ingestion_state ORDER BY part`;

/** What the pull as a whole knows. Parameters: upstream, total, whether it is complete. */
export const SAVE_PULL_SQL = `
  INSERT INTO public.ingestion_state AS known (part, upstream, upstream_total, completed_at)
  VALUES (0, $1, $2, CASE WHEN $3 THEN now() END)
  ON CONFLICT (part) DO UPDATE SET upstream = excluded.upstream, completed_at = excluded.completed_at,
    upstream_total = coalesce(excluded.upstream_total, known.upstream_total), updated_at = now()`;

export const FORGET_STATE_SQL = "DELETE FROM public.ingestion_state";

export const COUNT_EVENTS_SQL = "SELECT count(*)::float8 AS count FROM public.ingested_events";

/** One row, or none where there is no pull. */
export const PULL_FIGURES_SQL = `
  SELECT sum(stored)::float8 AS stored, sum(received)::float8 AS received, max(upstream_total)::float8 AS expected,
    (count(completed_at) FILTER (WHERE part = 0))::float8 AS complete
  FROM public.ingestion_state HAVING count(*) > 0`;

export const COPY_IDS_SQL = "COPY (SELECT event_id FROM public.ingested_events ORDER BY event_id) TO STDOUT";

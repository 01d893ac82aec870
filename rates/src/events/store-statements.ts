/** The statements that store events. Each is a transaction of its own unless a caller says otherwise. */

const INCOMING = `
  SELECT decode(hash, 'hex') AS hash, id, client_id, metric, amount, occurred_at, received_at, status, reason, payload
  FROM unnest(
    $1::text[], $2::uuid[], $3::text[], $4::text[], $5::numeric[], $6::timestamptz[], $7::timestamptz[], $8::text[],
    $9::text[], $10::json[]
  ) AS incoming (hash, id, client_id, metric, amount, occurred_at, received_at, status, reason, payload)`;

/**
 * Adds what a relation `changes` (client_id, metric, amount, occurred_at, status) says to the rollup and the counters, in
 * key order, so that writers who meet on several rows never wait for each other in a circle.
 */
const COUNTED = `
  hours AS (
    INSERT INTO event_hours AS known (client_id, metric, hour, status, count, sum, min, max)
    SELECT coalesce(client_id, ''), metric, date_trunc('hour', occurred_at, 'UTC'), status, count(*),
      sum(amount) FILTER (WHERE status = 'processed'), min(amount) FILTER (WHERE status = 'processed'),
      max(amount) FILTER (WHERE status = 'processed')
    FROM changes GROUP BY 1, 2, 3, 4 ORDER BY 1, 3, 2, 4
    ON CONFLICT (client_id, hour, metric, status) DO UPDATE SET
      count = known.count + excluded.count, sum = known.sum + excluded.sum,
      min = least(known.min, excluded.min), max = greatest(known.max, excluded.max)
  ), counts AS (
    INSERT INTO event_counts AS known (seconds, start, status, count)
    SELECT seconds, start, status, count(*)
    FROM changes, LATERAL (VALUES
      (3600, date_trunc('hour', occurred_at, 'UTC')), (60, date_trunc('minute', occurred_at, 'UTC'))
    ) AS bucket (seconds, start)
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (seconds, start, status) DO UPDATE SET count = known.count + excluded.count
  )`;

/**
 * Stores the events whose hash is new, in the order of their hashes, and counts them; the others are left alone. No
 * hash may come twice. Parameters: \`eventColumns\`. @returns the hashes that were new
 */
export const INSERT_EVENTS_SQL = `
  WITH incoming AS (${INCOMING}
  ), changes AS (
    INSERT INTO events (hash, id, client_id, metric, amount, occurred_at, received_at, status, reason, payload)
    SELECT * FROM incoming ORDER BY hash
    ON CONFLICT (hash) DO NOTHING
    RETURNING hash, client_id, metric, amount, occurred_at, status
  ), ${COUNTED}
  SELECT encode(hash, 'hex') AS hash FROM changes`;

/** What is stored under hashes. Parameters: $1 hashes in hexadecimal digits. */
export const FIND_EVENTS_SQL = `
  SELECT encode(events.hash, 'hex') AS hash, id, status, reason
  FROM unnest($1::text[]) AS wanted (hash) JOIN events ON events.hash = decode(wanted.hash, 'hex')`;

/**
 * Turns audit rows into processed events: counts them among these, and no longer among those. The row keeps its id.
 * Parameters: \`eventColumns\`. @returns the hashes of those that were audit rows until now
 */
export const PROMOTE_EVENTS_SQL = `
  WITH incoming AS (${INCOMING}
  ), audited AS (
    SELECT events.hash, events.client_id, events.metric, events.occurred_at, events.status
    FROM incoming JOIN events USING (hash) WHERE events.status <> 'processed'
    ORDER BY hash FOR UPDATE OF events
  ), changes AS (
    UPDATE events SET status = 'processed', reason = NULL, client_id = incoming.client_id, metric = incoming.metric,
      amount = incoming.amount, occurred_at = incoming.occurred_at, payload = incoming.payload, processed_at = now()
    FROM incoming JOIN audited USING (hash) WHERE events.hash = incoming.hash
    RETURNING events.hash, events.client_id, events.metric, events.amount, events.occurred_at, events.status
  ), former AS (
    SELECT coalesce(client_id, '') AS client_id, metric, occurred_at, status FROM audited
  ), former_hours AS (
    UPDATE event_hours SET count = event_hours.count - fewer.count
    FROM (
      SELECT client_id, metric, date_trunc('hour', occurred_at, 'UTC') AS hour, status, count(*) AS count
      FROM former GROUP BY 1, 2, 3, 4
    ) AS fewer
    WHERE (event_hours.client_id, event_hours.hour, event_hours.metric, event_hours.status)
      = (fewer.client_id, fewer.hour, fewer.metric, fewer.status)
  ), former_counts AS (
    UPDATE event_counts SET count = event_counts.count - fewer.count
    FROM (
      SELECT seconds, start, status, count(*) AS count
      FROM former, LATERAL (VALUES
        (3600, date_trunc('hour', occurred_at, 'UTC')), (60, date_trunc('minute', occurred_at, 'UTC'))
      ) AS bucket (seconds, start)
      GROUP BY 1, 2, 3
    ) AS fewer
    WHERE (event_counts.seconds, event_counts.start, event_counts.status) = (fewer.seconds, fewer.start, fewer.status)
  ), ${COUNTED}
  SELECT encode(hash, 'hex') AS hash FROM changes`;

/** An error that is the server's own, inside a transaction: nobody has to imitate it. */
export const FAIL_SQL = "SELECT 1 / 0 AS simulated_failure";

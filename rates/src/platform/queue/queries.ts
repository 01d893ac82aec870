/** Where the library keeps its tables. */
export const SCHEMA = "pgboss";

export const PARTITION = `SELECT partition_name FROM ${SCHEMA}.queue WHERE name = $1`;

/**
 * The order in which the library fetches, as an index: without it every fetch sorts the whole backlog (measured with 50,000
 * messages: 35 a second, 3,100 with it). Two processes may come at once, and only one of them can make it.
 * @param partition as the library has named it: letters and hexadecimal digits
 */
export function createTurnIndex(partition: string): string {
  return `BEGIN;
    SELECT pg_advisory_xact_lock(hashtext('${partition}'));
    CREATE INDEX IF NOT EXISTS ${partition}_turn ON ${SCHEMA}.${partition} (priority DESC, created_on, id)
      WHERE state < 'active';
    COMMIT`;
}

/** What waits and is due, in the order in which the library fetches. Parameters: $1 queue. */
const IN_TURN = `
  FROM ${SCHEMA}.job WHERE name = $1 AND state < 'active' AND start_after < now() ORDER BY priority DESC, created_on, id`;

/**
 * A row where another message should have been taken before one that was: it came back to the queue while the library
 * passed over it. Parameters: $1 queue, $2 id of the one that was taken.
 */
export const PASSED_OVER = `
  SELECT FROM (SELECT id, priority, created_on ${IN_TURN} LIMIT 1) AS next, ${SCHEMA}.job AS taken
  WHERE taken.name = $1 AND taken.id = $2
    AND (-next.priority, next.created_on, next.id) < (-taken.priority, taken.created_on, taken.id)`;

/**
 * What waits next, as far as it is not longer than some characters. No text is shorter than it is when stored, so the first
 * limit leaves out nothing that the second would not, and keeps the server from unpacking much for nothing.
 * Parameters: $1 queue, $2 most messages, $3 most characters of all of them.
 */
export const NEXT = `
  WITH stored AS (
    SELECT *, sum(pg_column_size(data)) OVER (ORDER BY turn) AS bytes
    FROM (SELECT id, retry_count, data, row_number() OVER (ORDER BY priority DESC, created_on, id) AS turn ${IN_TURN} LIMIT $2) AS next
  ), unpacked AS MATERIALIZED (
    SELECT id, retry_count, turn, data #>> '{}' AS data FROM stored WHERE bytes <= $3
  ), measured AS (
    SELECT *, sum(length(data)) OVER (ORDER BY turn) AS characters FROM unpacked
  )
  SELECT id, data, retry_count AS "retryCount" FROM measured WHERE characters <= $3 ORDER BY turn`;

/**
 * Prolongs the lease of a message; no row where it is no longer ours to work on. Whoever is given a message whose lease was
 * over finds another number of attempts. Parameters: $1 queue, $2 id, $3 attempts before ours.
 */
export const RENEW = `
  UPDATE ${SCHEMA}.job SET started_on = now()
  WHERE name = $1 AND id = $2 AND state = 'active' AND retry_count = $3 RETURNING id`;

/** Gives a message back as if it had not been taken: the library counts an attempt by the time of the one before. */
export const PUT_BACK = `
  UPDATE ${SCHEMA}.job SET state = 'created', started_on = NULL
  WHERE name = $1 AND id = $2 AND state = 'active' AND retry_count = $3`;

/**
 * Removes what is done: the message whose lease we have, and those behind it. Where another process has it by now, it is
 * left to that one, because without it a third would begin. Parameters: as RENEW, $4 all ids.
 */
export const REMOVE = `
  DELETE FROM ${SCHEMA}.job WHERE name = $1 AND id = ANY ($4::uuid[]) AND NOT EXISTS (
    SELECT FROM ${SCHEMA}.job
    WHERE name = $1 AND id = ANY ($4::uuid[]) AND state = 'active' AND NOT (id = $2 AND retry_count = $3)
  )`;

/** One row a queue: messages by what becomes of them, and the age of the oldest that waits, in seconds. */
export const COUNTS = `
  SELECT q.name, count(*) FILTER (WHERE state < 'active')::integer AS waiting,
         count(*) FILTER (WHERE state = 'active')::integer AS running,
         count(*) FILTER (WHERE state = 'failed')::integer AS parked,
         round(extract(epoch FROM now() - min(j.created_on) FILTER (WHERE state < 'active')))::integer AS oldest_seconds
  FROM ${SCHEMA}.queue q LEFT JOIN ${SCHEMA}.job j ON j.name = q.name
  GROUP BY q.name ORDER BY q.name`;

/** Messages that failed too often, the oldest first. */
export const PARKED = `
  SELECT id, created_on AS published_at, completed_on AS parked_at, retry_count + 1 AS attempts,
         coalesce(output ->> 'reason', output #>> '{value,message}') AS reason, length(data #>> '{}')::integer AS characters
  FROM ${SCHEMA}.job WHERE name = $1 AND state = 'failed' ORDER BY created_on, id`;

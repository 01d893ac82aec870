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

/** Prolongs the lease of a message; no row where it is no longer ours to work on. */
export const RENEW = `
  UPDATE ${SCHEMA}.job SET started_on = now() WHERE name = $1 AND id = $2 AND state = 'active' RETURNING id`;

/** Gives a message back as if it had not been taken: the library counts an attempt by the time of the one before. */
export const PUT_BACK = `
  UPDATE ${SCHEMA}.job SET state = 'created', started_on = NULL WHERE name = $1 AND id = $2 AND state = 'active'`;

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

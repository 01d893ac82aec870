/** The statements that load a batch, in their order, on one connection in one transaction. */

/**
 * The merge sorts one row for each lane-month, 15 MB for 1e6 prices on 20,000 lanes; larger sorts go through a file. The
 * rest streams, so that a backend needs no more memory for a larger batch.
 */
export const BEGIN_SQL =
  "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = on; SET LOCAL work_mem = '32MB'";

/** What tells this table of lanes from any that was here before: a cached id is good for no other. */
const EPOCH = `
  (SELECT system_identifier FROM pg_control_system()) || '/' ||
  (SELECT oid FROM pg_database WHERE datname = current_database()) || '/' || pg_relation_filenode('lanes')`;

/** Columns: epoch. */
export const EPOCH_SQL = `SELECT ${EPOCH} AS epoch`;

/** Parameters: $1 and $2 codes of origins and destinations, pairwise. */
export const FIND_LANES_SQL = `
  SELECT orig_code, dest_code, id
  FROM lanes JOIN unnest($1::text[], $2::text[]) AS wanted (orig_code, dest_code) USING (orig_code, dest_code)`;

/** In key order, so that two batches with the same new lanes never wait for each other. Parameters as above. */
export const INSERT_LANES_SQL = `
  INSERT INTO lanes (orig_code, dest_code)
  SELECT orig_code, dest_code FROM unnest($1::text[], $2::text[]) AS added (orig_code, dest_code) ORDER BY 1, 2
  ON CONFLICT DO NOTHING`;

/**
 * Binds the key: of two transactions with one key the second waits here for the first, and then fails. The version is
 * known only at the end. Parameters: $1 key, $2 digest, $3 rows, $4 checksum.
 */
export const INSERT_BATCH_SQL = `
  INSERT INTO batches (idempotency_key, payload_sha256, rows, checksum, data_version) VALUES ($1, $2, $3, $4, 0)
  RETURNING id::text AS id, ${EPOCH} AS epoch`;

export const COPY_RAW_SQL = "COPY raw_prices (batch_id, lane_id, day, price) FROM STDIN (FORMAT binary)";

export const CREATE_STAGE_SQL = `
  CREATE TEMPORARY TABLE batch_stage (
    lane_id integer NOT NULL, month date NOT NULL, days date[] NOT NULL, counts integer[] NOT NULL, sums bigint[] NOT NULL
  ) ON COMMIT DROP`;

export const COPY_STAGE_SQL = "COPY batch_stage (lane_id, month, days, counts, sums) FROM STDIN (FORMAT binary)";

/** What the stage adds up to. */
export const CHECK_STAGE_SQL = `
  SELECT sum_int8(count)::text AS rows, sum_int8(sum)::text AS sum
  FROM (SELECT unnest(counts) AS count, unnest(sums) AS sum FROM batch_stage) AS totals`;

/** Any number that no other lock of the service has. */
const MERGE_LOCK = 6_604_001;

/**
 * A statement of its own, so that the snapshot of the merge is younger than the last holder's commit: the merge replaces
 * arrays, and with an older snapshot it would undo what it does not see. Held until the transaction ends.
 */
export const LOCK_SQL = `SELECT pg_advisory_xact_lock(${MERGE_LOCK})`;

/**
 * Adds the stage to the rollup. A lane-month that is new goes in as it is; in one that is there the totals are added
 * day by day. In key order, which halves the time, since neighbours share pages.
 */
export const MERGE_SQL = `
  INSERT INTO lane_months AS known (lane_id, month, days, counts, sums)
  SELECT lane_id, month, days, counts, sums FROM batch_stage ORDER BY lane_id, month
  ON CONFLICT (lane_id, month) DO UPDATE SET (days, counts, sums) = (
    SELECT array_agg(day ORDER BY day), array_agg(count ORDER BY day), array_agg(sum ORDER BY day)
    FROM (
      SELECT day, sum_int8(count)::integer AS count, sum_int8(sum) AS sum
      FROM (
        SELECT unnest(known.days) AS day, unnest(known.counts) AS count, unnest(known.sums) AS sum
        UNION ALL
        SELECT unnest(EXCLUDED.days), unnest(EXCLUDED.counts), unnest(EXCLUDED.sums)
      ) AS both_sides
      GROUP BY day
    ) AS merged
  )`;

export const RAISE_VERSION_SQL = `
  WITH raised AS (UPDATE data_version SET version = version + 1 RETURNING version)
  SELECT version::text AS version, pg_notify('rates_data', version::text) FROM raised`;

/** Parameters: $1 id, $2 version. */
export const FINISH_BATCH_SQL = "UPDATE batches SET data_version = $2, committed_at = clock_timestamp() WHERE id = $1";

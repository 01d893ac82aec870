import type { Client } from "pg";

/** One price, as a batch brings it. */
export interface Price {
  readonly origin: string;
  readonly destination: string;
  readonly day: string;
  readonly price: number;
}

const NEW_LANES = `
  INSERT INTO lanes (orig_code, dest_code)
  SELECT DISTINCT origin, destination FROM incoming ORDER BY 1, 2 ON CONFLICT DO NOTHING`;

const RAW = `
  INSERT INTO raw_prices SELECT 0, id, day, price
  FROM incoming JOIN lanes ON orig_code = origin AND dest_code = destination`;

/** The days of the batch beside those that the same lane-months hold already, summed up anew. */
const MERGE = `
  WITH fresh AS (
    SELECT id AS lane_id, day, count(*)::integer AS count, sum(price) AS sum
    FROM incoming JOIN lanes ON orig_code = origin AND dest_code = destination GROUP BY 1, 2
  ), touched AS (
    SELECT DISTINCT lane_id, date_trunc('month', day::timestamp)::date AS month FROM fresh
  ), daily AS (
    SELECT lane_id, date_trunc('month', day::timestamp)::date AS month, day, sum(count)::integer AS count, sum_int8(sum) AS sum
    FROM (
      SELECT * FROM fresh
      UNION ALL
      SELECT lane_id, daily.* FROM touched JOIN lane_months USING (lane_id, month), unnest(days, counts, sums) AS daily
    ) AS both_sides GROUP BY lane_id, day
  )
  INSERT INTO lane_months
  SELECT lane_id, month, array_agg(day ORDER BY day), array_agg(count ORDER BY day), array_agg(sum ORDER BY day)
  FROM daily GROUP BY lane_id, month ORDER BY lane_id, month
  ON CONFLICT (lane_id, month) DO UPDATE SET days = excluded.days, counts = excluded.counts, sums = excluded.sums`;

/**
 * Puts prices in as a batch does, for tests of what is read. The service's own way is in src/prices/batches.
 * @returns the version of the data that it made
 */
export async function insertBatch(client: Client, prices: readonly Price[]): Promise<number> {
  await client.query("BEGIN");
  await client.query(
    "CREATE TEMP TABLE incoming (origin text, destination text, day date, price integer) ON COMMIT DROP",
  );
  await client.query(
    "INSERT INTO incoming SELECT * FROM jsonb_to_recordset($1) AS r (origin text, destination text, day date, price integer)",
    [JSON.stringify(prices)],
  );
  await client.query("SELECT pg_advisory_xact_lock(1)");
  await client.query(NEW_LANES);
  await client.query(RAW);
  await client.query(MERGE);
  const { rows } = await client.query<{ version: string }>(
    "UPDATE data_version SET version = version + 1 RETURNING version",
  );
  const version = rows[0]?.version ?? "";
  await client.query("SELECT pg_notify('rates_data', $1)", [version]);
  await client.query("COMMIT");
  return Number(version);
}

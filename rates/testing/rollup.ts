/** Days on which the rollup and the prices themselves differ; none, always. */
export const DIFFERENCES_SQL = `
  SELECT count(*)::integer AS count
  FROM (SELECT lane_id, day, count(*)::integer AS count, sum(price)::bigint AS sum FROM raw_prices GROUP BY lane_id, day) AS raw
  FULL JOIN daily_rates AS rollup USING (lane_id, day, count, sum)
  WHERE raw.lane_id IS NULL OR rollup.lane_id IS NULL
    OR (SELECT count(*) FROM daily_rates) <> (SELECT count(DISTINCT (lane_id, day)) FROM raw_prices)`;

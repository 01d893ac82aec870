import { array, assert, asyncProperty, constantFrom, date, integer, record } from "fast-check";
import { expect, test } from "vitest";
import { testDatabase } from "../../../tests/support/database";
import { insertBatch } from "../../testing/batch";

/** Lane-days on which the rollup and the raw prices disagree, or whose month is not in order. */
const DIFFERENCES = `
  SELECT count(*)::integer AS count
  FROM daily_rates FULL JOIN (
    SELECT lane_id, day, count(*) AS count, sum(price) AS sum FROM raw_prices GROUP BY lane_id, day
  ) AS raw USING (lane_id, day)
  WHERE daily_rates.count IS DISTINCT FROM raw.count OR daily_rates.sum IS DISTINCT FROM raw.sum`;
const DISORDERED = `
  SELECT count(*)::integer AS count FROM lane_months
  WHERE days <> ARRAY(SELECT DISTINCT unnest(days) ORDER BY 1)
    OR month <> ALL (SELECT date_trunc('month', unnest(days)::timestamp)::date)`;

const codes = constantFrom("CNGGZ", "EETLL", "SEGOT", "DEHAM");
const days = date({ min: new Date("2024-01-25"), max: new Date("2024-03-05"), noInvalidDate: true });
const price = record({
  origin: codes,
  destination: codes,
  day: days.map((day) => day.toISOString().slice(0, 10)),
  price: integer({ min: 0, max: 2_147_483_647 }),
});

test("the rollup equals the raw prices after any batches, and its days ascend", { timeout: 120_000 }, async () => {
  await using db = await testDatabase("migrated");
  await using client = await db.connect();
  const batches = array(array(price, { minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 6 });
  await assert(
    asyncProperty(batches, async (each) => {
      for (const batch of each) await insertBatch(client, batch);
      const { rows } = await client.query(`${DIFFERENCES} UNION ALL ${DISORDERED}`);
      expect(rows).toEqual([{ count: 0 }, { count: 0 }]);
    }),
    { numRuns: 15 },
  );
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { testDatabase } from "../../../../tests/support/database";
import { atScale } from "../../../../tests/support/scale";
import { testApi } from "../../../testing/api";
import { csvOf, postBatch } from "../../../testing/batches";
import { DIFFERENCES_SQL } from "../../../testing/rollup";

const CODES = ["CNGGZ", "EETLL", "SEGOT", "NOOSL"];
const DAYS = ["2029-12-31", "2030-01-01", "2030-01-31", "2030-02-01"];

const price = fc.record({
  orig: fc.constantFrom(...CODES),
  dest: fc.constantFrom(...CODES),
  day: fc.constantFrom(...DAYS),
  price: fc.oneof(fc.nat(5_000), fc.constantFrom(0, 2_147_483_647)),
});

type Price = typeof price extends fc.Arbitrary<infer Value> ? Value : never;

/** What a client does: a batch that is sound, one with a bad last row, or the payload of an earlier one once more. */
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("sound" as const),
      prices: fc.array(price, { minLength: 1, maxLength: 40 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("bad" as const), prices: fc.array(price, { maxLength: 40 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("again" as const), earlier: fc.nat(20) }) },
);

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** The batches as they should be in the database: a list of committed payloads. */
class Model {
  readonly committed: { readonly key: string; readonly body: string; readonly prices: readonly Price[] }[] = [];

  totals(): Record<string, string> {
    const sums = new Map<string, { count: number; sum: bigint }>();
    for (const { orig, dest, day, price } of this.committed.flatMap(({ prices }) => prices)) {
      const name = `${orig} ${dest} ${day}`;
      const { count, sum } = sums.get(name) ?? { count: 0, sum: 0n };
      sums.set(name, { count: count + 1, sum: sum + BigInt(price) });
    }
    return Object.fromEntries([...sums].map(([name, { count, sum }]) => [name, `${count} ${sum}`]));
  }
}

const bodyOf = (prices: readonly Price[]) =>
  csvOf(prices.map(({ orig, dest, day, price }) => [orig, dest, day, price]));

const TOTALS_SQL = `
  SELECT orig_code || ' ' || dest_code || ' ' || to_char(day, 'YYYY-MM-DD') AS name, count || ' ' || sum AS totals
  FROM daily_rates JOIN lanes ON lanes.id = lane_id WHERE day >= '2029-12-01'`;

describe("any mix of sound, bad and repeated batches", () => {
  test("leaves the rollup equal to a model in memory and to the prices themselves", { timeout: 600_000 }, async () => {
    await using database = await testDatabase("migrated");
    await using api = await testApi(database);
    let run = 0;

    async function take(step: Step, model: Model, key: string): Promise<void> {
      if (step.kind === "sound") {
        const body = bodyOf(step.prices);
        expect((await postBatch(api.port, { body, key })).status).toBe(201);
        model.committed.push({ key, body, prices: step.prices });
      } else if (step.kind === "bad") {
        const body = `${bodyOf(step.prices)}CNGGZ,EETLL,2030-01-01,-1\n`;
        expect((await postBatch(api.port, { body, key })).status).toBe(422);
      } else if (model.committed.length > 0) {
        const { key: first, body } = model.committed[step.earlier % model.committed.length] ?? { key: "", body: "" };
        const { status, headers } = await postBatch(api.port, { body, key: first });
        expect([status, headers["idempotent-replay"]]).toEqual([201, "true"]);
      }
    }

    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        run += 1;
        await database.query("DELETE FROM raw_prices WHERE day >= '2029-12-01'");
        await database.query("DELETE FROM lane_months WHERE month >= '2029-12-01'");
        const model = new Model();
        for (const [index, step] of steps.entries()) await take(step, model, `run-${run}-${index}`);
        const rows = await database.query<{ name: string; totals: string }>(TOTALS_SQL);
        expect(Object.fromEntries(rows.map(({ name, totals }) => [name, totals]))).toEqual(model.totals());
        expect(await database.query(DIFFERENCES_SQL)).toEqual([{ count: 0 }]);
      }),
      { numRuns: atScale({ ci: 15, full: 300 }) },
    );
  });
});

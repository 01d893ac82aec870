import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Connection } from "infra/copies/connection";
import { describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../tests/support/database";
import { atScale } from "../tests/support/scale";
import { bakedMigrations, MIGRATIONS, MigrationError, migrate, migrationsHash, missingMigrations } from "./migrate";
import { readSchema } from "./schema/read-schema";

/** How often a price stands in what `prices` shows now, and stood in what it showed before. */
const DIFFERENCE = `
  SELECT count(*)::integer AS count FROM (
    (SELECT * FROM prices EXCEPT ALL SELECT * FROM before) UNION ALL (SELECT * FROM before EXCEPT ALL SELECT * FROM prices)
  ) AS different`;

const ROLLUP_DIFFERENCE = `
  SELECT count(*)::integer AS count
  FROM daily_rates FULL JOIN (
    SELECT lane_id, day, count(*) AS count, sum(price) AS sum FROM raw_prices GROUP BY lane_id, day
  ) AS raw USING (lane_id, day)
  WHERE daily_rates.count IS DISTINCT FROM raw.count OR daily_rates.sum IS DISTINCT FROM raw.sum`;

async function migrateOnce(db: TestDatabase): Promise<string[]> {
  await using client = await db.connect();
  return await migrate(client);
}

async function expectEveryPriceKept(db: TestDatabase): Promise<void> {
  expect(await db.query(DIFFERENCE)).toEqual([{ count: 0 }]);
  expect(await db.query(ROLLUP_DIFFERENCE)).toEqual([{ count: 0 }]);
}

/** The dump has 61,636 prices; beside them come as many times that again: 2e5 and 1e6 in all. */
const TIMES = atScale({ ci: 3, full: 16 });

/** From the one on that turns `prices` into a view. */
const FROM_SWAP = MIGRATIONS.slice(MIGRATIONS.indexOf("003-prices-view"));

/** Applies all migrations before that one, as a run that ended there. */
async function migrateToSwap(client: Connection): Promise<void> {
  await client.query(`BEGIN; ${bakedMigrations(MIGRATIONS.slice(0, -FROM_SWAP.length))}; COMMIT`);
}

describe("migrating a dump", () => {
  test("keeps every price under the same columns, and the rollup holds what the prices say", async () => {
    await using db = await testDatabase("pristine");
    await db.query("CREATE TABLE before AS TABLE prices");
    const columns = `SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'prices' ORDER BY ordinal_position`;
    const before = await db.query(columns);
    expect(await migrateOnce(db)).toEqual(MIGRATIONS);
    expect(await db.query(columns)).toEqual(before);
    await expectEveryPriceKept(db);
  });

  test("once more does nothing", async () => {
    await using db = await testDatabase("migrated");
    expect(await migrateOnce(db)).toEqual([]);
  });

  test("twice at once is done by one of them, and the other waits for it", async () => {
    await using db = await testDatabase("pristine");
    const applied = await Promise.all([migrateOnce(db), migrateOnce(db)]);
    expect(applied.map((names) => names.length).sort()).toEqual([0, MIGRATIONS.length]);
  });

  test("that ended half way is continued, and prices that changed in between are caught up with", async () => {
    await using db = await testDatabase("pristine");
    await using client = await db.connect();
    await migrateToSwap(client);
    await client.query("UPDATE prices SET price = price + 1 WHERE orig_code = 'CNGGZ'");
    await client.query("DELETE FROM prices WHERE day = '2021-01-31'");
    await client.query(
      "INSERT INTO prices VALUES ('EETLL', 'EETLL', '2023-05-06', 7), ('EETLL', 'EETLL', '2023-05-06', 7)",
    );
    await client.query("CREATE TABLE before AS TABLE prices");
    expect(await missingMigrations(async (text) => (await client.query(text)).rows)).toEqual(FROM_SWAP);
    expect(await migrate(client)).toEqual(FROM_SWAP);
    await expectEveryPriceKept(db);
  });

  test("whose session is killed leaves what was committed, and the next run finishes", async () => {
    await using db = await testDatabase("pristine");
    await using writer = await db.connect();
    await using client = await db.connect();
    await writer.query("CREATE TABLE before AS TABLE prices");
    await writer.query("BEGIN; LOCK TABLE prices IN ROW EXCLUSIVE MODE");
    const killed = expect(migrate(client)).rejects.toThrow(MigrationError);
    await expect
      .poll(async () => (await db.query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted")).length)
      .toBe(1);
    await killed;
    await writer.query("ROLLBACK");
    expect(await migrateOnce(db)).toEqual(MIGRATIONS.slice(1));
    await expectEveryPriceKept(db);
  });

  test("of a user with other names, an index and another owner makes the same schema, usable by the owner's members", async () => {
    await using db = await testDatabase("pristine");
    await using shipped = await testDatabase("migrated");
    await using admin = await db.connect();
    const [owner, member] = [`${db.name}_owner`, `${db.name}_member`];
    await admin.query(`
      CREATE ROLE ${owner}; CREATE ROLE ${member} IN ROLE ${owner};
      ALTER TABLE ports RENAME CONSTRAINT ports_pkey TO "PK ports";
      ALTER TABLE prices RENAME CONSTRAINT prices_orig_code_fkey TO somewhere;
      CREATE INDEX "my index" ON prices (orig_code, dest_code, day);
      ALTER TABLE ports OWNER TO ${owner}; ALTER TABLE prices OWNER TO ${owner}; ALTER TABLE regions OWNER TO ${owner};
      CREATE TABLE before AS TABLE prices; SET SESSION AUTHORIZATION ${member}`);
    try {
      expect(await migrate(admin)).toEqual(MIGRATIONS);
      await admin.query("UPDATE data_version SET version = version + 1");
      expect(
        (
          await admin.query(
            "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'before'",
          )
        ).rows,
      ).toEqual([{ tableowner: owner }]);
      await admin.query("RESET SESSION AUTHORIZATION; CREATE TABLE kept AS TABLE before");
      await expectEveryPriceKept(db);
      await admin.query("DROP TABLE before, kept");
      await using other = await shipped.connect();
      const options = { withoutConstraintNames: true };
      expect(await readSchema(admin, options)).toBe(await readSchema(other, options));
    } finally {
      await admin.query(
        `RESET SESSION AUTHORIZATION; DROP OWNED BY ${owner}, ${member}; DROP ROLE ${owner}, ${member}`,
      );
    }
  });

  test("of an empty database is refused with the next step", async () => {
    await using db = await testDatabase("empty");
    await expect(migrateOnce(db)).rejects.toThrow(/no table ports: load a dump/);
  });
});

describe("readers of prices go on", () => {
  test("while a transaction that has read them stays open, and the migration waits for its end", async () => {
    await using db = await testDatabase("pristine");
    await using holder = await db.connect();
    await using reader = await db.connect();
    await holder.query("BEGIN; SELECT FROM prices LIMIT 1");
    let isDone = false;
    const migrated = migrateOnce(db).finally(() => {
      isDone = true;
    });
    const turns = "SELECT FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND NOT granted";
    await expect.poll(() => db.query(turns), { interval: 5, timeout: 20_000 }).toHaveLength(1);
    await reader.query("SET statement_timeout = 1000");
    for (let count = 0; count < 50; count += 1) await reader.query("SELECT FROM prices LIMIT 1");
    expect(isDone).toBe(false);
    await holder.query("COMMIT");
    expect(await migrated).toEqual(MIGRATIONS);
  });

  test("over many rows: the backfill never locks them out, and the swap does for milliseconds", {
    timeout: 120_000,
  }, async () => {
    await using db = await testDatabase("pristine");
    await using loader = await db.connect();
    // Foreign keys would take a minute here, and are not what is looked at.
    await loader.query("SET session_replication_role = replica");
    await loader.query(
      "INSERT INTO prices SELECT orig_code, dest_code, day + 40 + n, price + n FROM prices, generate_series(1, $1) n",
      [TIMES],
    );
    let isDone = false;
    const migrated = migrateOnce(db).finally(() => {
      isDone = true;
    });
    const [longest, locks] = await Promise.all([longestRead(db, () => isDone), sampleLocks(db, () => isDone)]);
    await migrated;
    const held = locks.filter(({ locked }) => locked).map(({ at }) => at);
    const ms = held.length === 0 ? 0 : Math.max(...held) - Math.min(...held);
    console.log(`a reader waited ${longest.toFixed(1)} ms at most; ${locks.length} samples, locked for ${ms} ms`);
    expect(locks.length).toBeGreaterThan(20);
    expect(locks.filter(({ applied, locked }) => locked && applied !== MIGRATIONS[1])).toEqual([]);
  });
});

/** Reads prices again and again. @returns the longest wait in ms */
async function longestRead(db: TestDatabase, isDone: () => boolean): Promise<number> {
  await using reader = await db.connect();
  let longest = 0;
  while (!isDone()) {
    const began = performance.now();
    await reader.query("SELECT FROM prices LIMIT 1");
    longest = Math.max(longest, performance.now() - began);
  }
  return longest;
}

interface LockSample {
  /** The last migration that was committed. */
  readonly applied: string | null;
  /** Whether readers of the table were locked out. */
  readonly locked: boolean;
  /** Wall clock, in ms. */
  readonly at: number;
}

async function sampleLocks(db: TestDatabase, isDone: () => boolean): Promise<LockSample[]> {
  await using client = await db.connect();
  const [{ table } = { table: 0 }] = await db.query<{ table: number }>(
    "SELECT 'prices'::regclass::oid::integer AS table",
  );
  await untilThereIsALedger(client);
  const samples: LockSample[] = [];
  while (!isDone()) {
    const { rows } = await client.query<LockSample>(
      `SELECT (SELECT max(name) FROM schema_migrations) AS applied,
              EXISTS (SELECT FROM pg_locks WHERE relation = $1 AND mode = 'AccessExclusiveLock' AND granted) AS locked,
              extract(epoch FROM clock_timestamp()) * 1000 AS at`,
      [table],
    );
    samples.push(...rows);
    await delay(2);
  }
  return samples;
}

async function untilThereIsALedger(client: Connection): Promise<void> {
  await expect
    .poll(async () => (await client.query("SELECT to_regclass('schema_migrations') AS ledger")).rows, { interval: 2 })
    .toEqual([{ ledger: "schema_migrations" }]);
}

describe("the migrations", () => {
  test("are the SQL files of the folder, in order", () => {
    const files = readdirSync(join(__dirname, "migrations")).filter((file) => file.endsWith(".sql"));
    expect(files.sort()).toEqual(MIGRATIONS.map((name) => `${name}.sql`));
  });

  test("as one script count as done for a later run, and make the same schema", async () => {
    await using db = await testDatabase("pristine");
    await using shipped = await testDatabase("migrated");
    await using client = await db.connect();
    await using other = await shipped.connect();
    await client.query(`BEGIN; ${bakedMigrations()}; COMMIT`);
    expect(await migrate(client)).toEqual([]);
    expect(await readSchema(client)).toBe(await readSchema(other));
  });

  test("have a hash of names and contents", () => {
    expect(migrationsHash()).toMatch(/^[0-9a-f]{64}$/);
    expect(migrationsHash()).toBe(migrationsHash());
  });
});

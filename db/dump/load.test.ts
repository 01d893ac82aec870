import { describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../tests/support/database";
import { SHIPPED_DUMP } from "../dataset/generate";
import { checkDump } from "./check";
import { DumpError } from "./error";
import { loadDump } from "./load";
import { changedSample, dumpFile, lineOf, SAMPLE_DUMP } from "./sample-dump";

const TABLES_LEFT = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace";

async function load(db: TestDatabase, content: string): Promise<unknown> {
  using file = dumpFile(content);
  await using client = await db.connect();
  return await loadDump(client, file.path).catch((error: unknown) => error);
}

/** Makes every ALTER TABLE wait for a minute, so that a test can act in the middle of a load. */
const SLOW_KEYS = `
  CREATE FUNCTION wait() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); END';
  CREATE EVENT TRIGGER wait ON ddl_command_start WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION wait();`;

async function untilItWaits(db: TestDatabase): Promise<void> {
  const sleeping = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
  await expect.poll(() => db.query(sleeping), { timeout: 20_000 }).toHaveLength(1);
}

describe("loading a dump", () => {
  test("brings all of the shipped one, with its keys and statistics, and sums it up as a check does", async () => {
    await using db = await testDatabase("empty");
    await using client = await db.connect();
    const summary = await loadDump(client, SHIPPED_DUMP);
    expect(summary).toEqual(await checkDump(SHIPPED_DUMP));
    const counts =
      "SELECT (SELECT count(*) FROM ports)::int ports, (SELECT count(*) FROM prices)::int prices, (SELECT count(*) FROM regions)::int regions";
    expect(await db.query(counts)).toEqual([summary.rows]);
    expect(await db.query("SELECT reltuples::int AS rows FROM pg_class WHERE relname = 'prices'")).toEqual([
      { rows: summary.rows.prices },
    ]);
    const constraints = await db.query<{ name: string }>(
      "SELECT conname AS name FROM pg_constraint WHERE conrelid::regclass::text IN ('ports', 'prices', 'regions') ORDER BY 1",
    );
    expect(constraints.map(({ name }) => name)).toEqual([
      ...["ports_parent_slug_fkey", "ports_pkey", "prices_dest_code_fkey", "prices_orig_code_fkey"],
      ...["regions_parent_slug_fkey", "regions_pkey"],
    ]);
  });

  test("keeps escapes and letters of all kinds", async () => {
    await using db = await testDatabase("empty");
    await load(db, changedSample("EETLL\tTallinn", "EETLL\t東京\\tŁódź\\n\\\\N \\\\. 🚢"));
    expect(await db.query("SELECT name FROM ports WHERE code = 'EETLL'")).toEqual([{ name: "東京\tŁódź\n\\N \\. 🚢" }]);
  });

  test("tells how far it is", async () => {
    await using db = await testDatabase("empty");
    await using client = await db.connect();
    const tables = new Map<string, number>();
    await loadDump(client, SHIPPED_DUMP, { onProgress: ({ table, rows }) => tables.set(table, rows) });
    expect(Object.fromEntries(tables)).toEqual((await checkDump(SHIPPED_DUMP)).rows);
  });
});

describe("a dump that cannot be loaded is refused with its line and leaves nothing, when", () => {
  test.each([
    [
      "a port's region is missing",
      changedSample("Tallinn\tbaltic", "Tallinn\tatlantis"),
      "EETLL\tTallinn",
      /ports_parent_slug_fkey.*\(atlantis\) is not present/,
    ],
    [
      "a price's port is missing",
      changedSample("EETLL\t2021-01-03", "XXXXX\t2021-01-03"),
      "CNGGZ\tXXXXX",
      /prices_dest_code_fkey/,
    ],
    [
      "a missing region has tabs and quotes in its name",
      changedSample("Tallinn\tbaltic", "Tallinn\ta\\tb\\\\(x)=(y)"),
      "EETLL\tTallinn",
      /\(a\tb\\\(x\)=\(y\)\)/,
    ],
    [
      "a code comes twice",
      changedSample("EETLL\tTallinn", "CNGGZ\tTallinn"),
      "CNGGZ\tTallinn",
      /"ports_pkey": Key \(code\)=\(CNGGZ\) is duplicated/,
    ],
    [
      "a name has an escape that is no UTF-8",
      changedSample("EETLL\tTallinn", "EETLL\t\\xff"),
      "EETLL\t\\xff",
      /invalid byte sequence for encoding "UTF8": 0xff/,
    ],
    [
      "an index cannot be made",
      `${SAMPLE_DUMP}CREATE INDEX one ON public.prices USING btree (nothing);\n`,
      "CREATE INDEX",
      /column "nothing" does not exist/,
    ],
    [
      "an index hides a second statement",
      `${SAMPLE_DUMP}CREATE INDEX one ON public.prices (day) WHERE 'a' = E'\\''; DROP TABLE public.ports; --';\n`,
      "CREATE INDEX",
      /cannot insert multiple commands/,
    ],
    [
      "a later row is bad",
      changedSample(
        "CNGGZ\tEETLL\t2021-01-03",
        `${"CNGGZ\tEETLL\t2021-01-01\t1\n".repeat(100_000)}CNGGZ\tEETLL\t2021-01-32`,
      ),
      "CNGGZ\tEETLL\t2021-01-32",
      /prices.day is "2021-01-32"/,
    ],
    [
      "its end is missing",
      SAMPLE_DUMP.slice(0, SAMPLE_DUMP.indexOf("\n\n\n--\n-- PostgreSQL database dump complete")),
      "    ADD CONSTRAINT regions_parent",
      /looks truncated/,
    ],
  ])("%s", async (_title, content, at, reason) => {
    await using db = await testDatabase("empty");
    const error = await load(db, content);
    if (!(error instanceof DumpError))
      throw new Error("the dump was loaded, or refused with another error", { cause: error });
    expect(error.reason).toMatch(reason);
    expect(error.line).toBe(lineOf(content, at));
    expect(await db.query(TABLES_LEFT)).toEqual([]);
  });

  test("the database has the tables already, which stay as they are", async () => {
    await using db = await testDatabase("pristine");
    expect(await load(db, SAMPLE_DUMP)).toMatchObject({
      name: "DumpError",
      reason: /"ports" already exists; load the dump into an empty/,
    });
    expect(await db.query("SELECT FROM ports")).toHaveLength(140);
  });

  test("and its connection can load the next one", async () => {
    await using db = await testDatabase("empty");
    await using client = await db.connect();
    using bad = dumpFile(changedSample("EETLL\tTallinn", "EETLL\t\\xff"));
    using good = dumpFile(SAMPLE_DUMP);
    await expect(loadDump(client, bad.path)).rejects.toThrow("invalid byte sequence");
    expect((await loadDump(client, good.path)).rows.prices).toBe(3);
  });
});

describe("a load that is aborted leaves nothing and rejects with the reason", () => {
  test("before it begins", async () => {
    await using db = await testDatabase("empty");
    await using client = await db.connect();
    const load = loadDump(client, SHIPPED_DUMP, { signal: AbortSignal.abort(new Error("Ctrl-C")) });
    await expect(load).rejects.toThrow("Ctrl-C");
  });

  test("while rows are sent", async () => {
    await using db = await testDatabase("empty");
    await using client = await db.connect();
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error("Ctrl-C"));
    await expect(loadDump(client, SHIPPED_DUMP, { signal: controller.signal, onProgress })).rejects.toThrow("Ctrl-C");
    expect(await db.query(TABLES_LEFT)).toEqual([]);
    expect((await client.query("SELECT 1 AS alive")).rows).toEqual([{ alive: 1 }]);
  });

  test("while a key is added, without waiting for it", async () => {
    await using db = await testDatabase("empty");
    await db.query(SLOW_KEYS);
    await using client = await db.connect();
    const controller = new AbortController();
    const load = loadDump(client, SHIPPED_DUMP, { signal: controller.signal });
    load.catch(() => undefined);
    await untilItWaits(db);
    controller.abort(new Error("Ctrl-C"));
    await expect(load).rejects.toThrow("Ctrl-C");
    expect(await db.query(TABLES_LEFT)).toEqual([]);
  });
});

test("a load whose connection is cut leaves nothing and does not blame the dump", async () => {
  await using db = await testDatabase("empty");
  await db.query(SLOW_KEYS);
  await using client = await db.connect();
  const load = loadDump(client, SHIPPED_DUMP).catch((error: unknown) => error);
  await untilItWaits(db);
  await db.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'",
  );
  const error = await load;
  expect(error).toBeInstanceOf(Error);
  expect(error).not.toBeInstanceOf(DumpError);
  expect(await db.query(TABLES_LEFT)).toEqual([]);
});

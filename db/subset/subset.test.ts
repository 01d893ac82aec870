import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../tests/support/database";
import { temporaryFolder } from "../../tests/support/folder";
import { SHIPPED_DUMP } from "../dataset/generate";
import { checkDump } from "../dump/check";
import { loadDump } from "../dump/load";
import { checkReferences } from "../dump/references";
import { type Subset, type SubsetProgress, writeSubset } from "./subset";

/** What a subset has to hold, asked of the full data; $1 days and $2 lanes, each NULL for all. */
const KEPT = `
  WITH RECURSIVE latest AS (
    SELECT * FROM prices WHERE $1::int IS NULL OR day > (SELECT max(day) FROM prices) - $1::int
  ), lanes AS (
    SELECT orig_code, dest_code FROM latest GROUP BY 1, 2
    ORDER BY count(*) DESC, orig_code COLLATE "C", dest_code COLLATE "C" LIMIT $2::int
  ), kept_prices AS (
    SELECT latest.* FROM latest JOIN lanes USING (orig_code, dest_code)
  ), kept_ports AS (
    SELECT * FROM ports WHERE $2::int IS NULL OR code IN (SELECT orig_code FROM lanes UNION SELECT dest_code FROM lanes)
  ), kept_regions AS (
    SELECT * FROM regions WHERE $2::int IS NULL OR slug IN (SELECT parent_slug FROM kept_ports)
    UNION
    SELECT above.* FROM regions above JOIN kept_regions below ON above.slug = below.parent_slug
  )`;

const ALL = "WITH kept_prices AS (TABLE prices), kept_ports AS (TABLE ports), kept_regions AS (TABLE regions)";

/** The rows of the three tables as text, in an order of their own. */
async function contentOf(db: TestDatabase, sql: string, { days, lanes }: Subset = {}): Promise<string[]> {
  const rows = await db.query<{ row: string }>(
    `${sql} SELECT 'price ' || p::text AS row FROM kept_prices p
     UNION ALL SELECT 'port ' || p::text FROM kept_ports p
     UNION ALL SELECT 'region ' || r::text FROM kept_regions r ORDER BY 1`,
    sql === ALL ? [] : [days ?? null, lanes ?? null],
  );
  return rows.map(({ row }) => row);
}

test.each<[string, Subset, { ports: number; prices: number; regions: number }]>([
  ["7 days", { days: 7 }, { ports: 140, prices: 14_179, regions: 23 }],
  ["1 day", { days: 1 }, { ports: 140, prices: 1202, regions: 23 }],
  ["20 lanes", { lanes: 20 }, { ports: 30, prices: 2405, regions: 16 }],
  ["1 lane", { lanes: 1 }, { ports: 2, prices: 126, regions: 5 }],
  ["20 lanes of 7 days", { days: 7, lanes: 20 }, { ports: 31, prices: 583, regions: 20 }],
  ["more lanes than there are of 1 day", { days: 1, lanes: 100_000 }, { ports: 140, prices: 1202, regions: 23 }],
  ["more days than there are", { days: 100_000 }, { ports: 140, prices: 61_636, regions: 23 }],
  ["everything", {}, { ports: 140, prices: 61_636, regions: 23 }],
])(
  "%s of the shipped dump are what SQL finds in the full data, and load with all keys",
  async (_what, subset, rows) => {
    await using full = await testDatabase("pristine");
    await using part = await testDatabase("empty");
    await using client = await part.connect();
    using folder = temporaryFolder();
    const target = join(folder.path, "subset.sql");
    const { source, ...written } = await writeSubset(SHIPPED_DUMP, target, subset);
    expect(await loadDump(client, target)).toEqual(written);
    expect(source).toEqual(await checkDump(SHIPPED_DUMP));
    expect(written.rows).toEqual(rows);
    expect(await checkReferences(target)).toEqual(written);
    const content = await contentOf(part, ALL);
    expect(content).toHaveLength(rows.ports + rows.prices + rows.regions);
    expect(content).toEqual(await contentOf(full, KEPT, subset));
  },
);

test("the same source and subset give the same bytes", async () => {
  using folder = temporaryFolder();
  const [one, other] = [join(folder.path, "one.sql"), join(folder.path, "other.sql")];
  const { path: _one, ...summary } = await writeSubset(SHIPPED_DUMP, one, { days: 7, lanes: 20 });
  const { path: _other, ...again } = await writeSubset(SHIPPED_DUMP, other, { days: 7, lanes: 20 });
  expect(again).toEqual(summary);
  expect(readFileSync(other).equals(readFileSync(one))).toBe(true);
});

test("a subset of a subset is the smaller one's rows", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  await writeSubset(SHIPPED_DUMP, path("week.sql"), { days: 7 });
  await writeSubset(path("week.sql"), path("both.sql"), { lanes: 20 });
  await writeSubset(SHIPPED_DUMP, path("direct.sql"), { days: 7, lanes: 20 });
  const body = (name: string) => readFileSync(path(name), "utf8").replace(/^-- A part of the dump .*$/m, "");
  expect(body("both.sql")).toBe(body("direct.sql"));
});

test("progress runs through the whole source twice", async () => {
  using folder = temporaryFolder();
  const done: SubsetProgress[] = [];
  const options = { onProgress: (progress: SubsetProgress) => done.push(progress) };
  const { source } = await writeSubset(SHIPPED_DUMP, join(folder.path, "subset.sql"), { lanes: 20 }, options);
  expect(done.map(({ pass }) => pass)).toEqual(done.map(({ pass }) => pass).toSorted());
  for (const pass of [1, 2]) expect(done.findLast((each) => each.pass === pass)?.bytes).toBe(source.bytes);
});

import { execFile, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { testDatabase } from "../../tests/support/database";
import { temporaryFolder } from "../../tests/support/folder";
import { SHIPPED_DUMP } from "../dataset/generate";
import { changedSample, dumpFile } from "../dump/sample-dump";
import { writeSubset } from "./subset";

/** As for the dump itself: skipped without psql, unless REQUIRE_PSQL=1 asks for it. */
const CLIENT = "psql";
const isMissing = spawnSync(CLIENT, ["--version"]).status !== 0;
const clientTest = test.skipIf(isMissing && process.env["REQUIRE_PSQL"] !== "1");

/** What versions before 10.3 wrote: the search path leads to public, and no name says so. */
const OLDER = changedSample(
  "SELECT pg_catalog.set_config('search_path', '', false);",
  "SET search_path = public, pg_catalog;",
)
  .replaceAll("public.", "")
  .concat("CREATE INDEX prices_day ON prices USING btree (day) -- by day\n;\n");

clientTest.each([
  ["db/rates.sql", readFileSync(SHIPPED_DUMP, "utf8"), 583],
  ["a dump of an older version with an index", OLDER, 3],
])("plain psql loads a subset of %s into an empty database", async (_what, content, prices) => {
  await using db = await testDatabase("empty");
  using source = dumpFile(content);
  using folder = temporaryFolder();
  const target = join(folder.path, "subset.sql");
  await writeSubset(source.path, target, { days: 7, lanes: 20 });
  const env = { ...process.env, PGPASSWORD: readFileSync(db.passwordFile, "utf8").trim() };
  const args = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", `--file=${target}`, `--dbname=${db.url}`];
  await promisify(execFile)(CLIENT, args, { env });
  expect(await db.query("SELECT FROM public.prices")).toHaveLength(prices);
  expect(await db.query("SELECT FROM pg_constraint WHERE connamespace = 'public'::regnamespace")).toHaveLength(6);
});

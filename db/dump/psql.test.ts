import { execFile, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../tests/support/database";
import { temporaryFolder } from "../../tests/support/folder";
import { SHIPPED_DUMP } from "../dataset/generate";
import { checkDump } from "./check";

/** Debian's postgresql-client has both; without it the tests are skipped, or fail where REQUIRE_PSQL=1 asks for them. */
const isMissing = ["psql", "pg_dump"].some((program) => spawnSync(program, ["--version"]).status !== 0);
const clientTest = test.skipIf(isMissing && process.env["REQUIRE_PSQL"] !== "1");

async function run(program: string, db: TestDatabase, args: readonly string[]): Promise<void> {
  const env = { ...process.env, PGPASSWORD: readFileSync(db.passwordFile, "utf8").trim() };
  await promisify(execFile)(program, [...args, `--dbname=${db.url}`], { env });
}

clientTest("plain psql loads db/rates.sql into an empty database", async () => {
  await using db = await testDatabase("empty");
  await run("psql", db, ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", `--file=${SHIPPED_DUMP}`]);
  const { rows } = await checkDump(SHIPPED_DUMP);
  const counts =
    "SELECT (SELECT count(*) FROM ports)::int ports, (SELECT count(*) FROM prices)::int prices, (SELECT count(*) FROM regions)::int regions";
  expect(await db.query(counts)).toEqual([rows]);
});

clientTest(
  "what the installed pg_dump makes of the loaded data is db/rates.sql again, but for its preamble",
  async () => {
    await using db = await testDatabase("pristine");
    using folder = temporaryFolder();
    const path = join(folder.path, "again.sql");
    await run("pg_dump", db, ["--no-owner", "--no-privileges", `--file=${path}`]);
    expect((await checkDump(path)).rows).toEqual((await checkDump(SHIPPED_DUMP)).rows);
    const body = /CREATE TABLE public.ports [\s\S]*-- PostgreSQL database dump complete/;
    const [again, shipped] = [path, SHIPPED_DUMP].map((file) => body.exec(readFileSync(file, "utf8"))?.[0]);
    expect(again === shipped).toBe(true);
  },
);

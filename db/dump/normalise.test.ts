import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/folder";
import { checkDump } from "./check";
import { writeNormalised } from "./normalise";
import { changedSample, dumpFile, SAMPLE_DUMP } from "./sample-dump";

/** What plain pg_dump adds: psql stops at the first of them whose role or extension is not there. */
const OWNERS = `ALTER TABLE public.ports OWNER TO "their admin";
COMMENT ON TABLE public.ports IS 'ours;
all of them';
GRANT SELECT ON TABLE public.ports TO readers;
CREATE EXTENSION IF NOT EXISTS plpgsql WITH SCHEMA pg_catalog;
CREATE INDEX ports_name ON public.ports USING btree (name);
`;

async function normalise(content: string): Promise<string> {
  using source = dumpFile(content);
  using folder = temporaryFolder();
  const target = join(folder.path, "normalised.sql");
  expect(await writeNormalised(source.path, target)).toEqual(await checkDump(source.path));
  return await readFile(target, "utf8");
}

/** The rows of every COPY block, in order. */
function rowsOf(dump: string): string[] {
  return [...dump.matchAll(/^COPY [^\n]* FROM stdin;\n(.*?)^\\\.$/gms)].map(([, rows = ""]) => rows);
}

test("owners, rights, comments and extensions are left out; rows, keys and the user's index stay", async () => {
  const written = await normalise(changedSample("COPY public.ports", `${OWNERS}COPY public.ports`));
  expect(written).not.toMatch(/OWNER|GRANT|COMMENT|EXTENSION/);
  expect(written).toContain("CREATE INDEX ports_name ON public.ports USING btree (name);\n");
  expect(written.match(/ADD CONSTRAINT/g)).toHaveLength(6);
  expect(rowsOf(written)).toEqual(rowsOf(SAMPLE_DUMP));
  expect(rowsOf(written)).toHaveLength(3);
});

test("an older dump's index is found by psql, and its comment does not take the semicolon in", async () => {
  const [wanted, older] = ["SELECT pg_catalog.set_config('search_path', '', false);", "SET search_path = public;"];
  const index = "CREATE INDEX prices_day ON prices USING btree (day) -- by day\n;\n";
  const written = await normalise(changedSample(wanted, older).replaceAll("public.", "").concat(index));
  expect(written).toContain("set_config('search_path', 'public', false)");
  expect(written).toContain(index);
});

test("names that are not ASCII and escapes are kept to the byte", async () => {
  const row = "CNGGZ\t広州 \\\\ Gu\\tang\tchina\n";
  const written = await normalise(changedSample("CNGGZ\tGuangzhou\tchina\n", row));
  expect(rowsOf(written)[0]).toContain(row);
});

test("a bad dump is refused by file and line", async () => {
  using source = dumpFile(changedSample("CNGGZ\tEETLL\t2021-01-02\t1200", "CNGGZ\tEETLL\t2021-01-02\tcheap"));
  using folder = temporaryFolder();
  const written = writeNormalised(source.path, join(folder.path, "normalised.sql"));
  await expect(written).rejects.toThrow(new RegExp(`^${source.path}:\\d+: .*cheap`));
});

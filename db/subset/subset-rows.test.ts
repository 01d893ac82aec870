import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { testDatabase } from "../../tests/support/database";
import { temporaryFolder } from "../../tests/support/folder";
import { checkDump } from "../dump/check";
import { loadDump } from "../dump/load";
import { changedSample, dumpFile } from "../dump/sample-dump";
import { type Subset, writeSubset } from "./subset";

/** The rows of each COPY block of the subset of a dump, which the reader has to accept. */
async function subsetOf(content: string, subset: Subset): Promise<Record<string, string[]>> {
  using source = dumpFile(content);
  using folder = temporaryFolder();
  const target = join(folder.path, "subset.sql");
  const { source: _source, ...summary } = await writeSubset(source.path, target, subset);
  expect(await checkDump(target)).toEqual(summary);
  const blocks = readFileSync(target, "utf8").matchAll(/^COPY public.(\w+) [^\n]* FROM stdin;\n(.*?)^\\\.$/gms);
  return Object.fromEntries([...blocks].map(([, table = "", rows = ""]) => [table, rows.split("\n").slice(0, -1)]));
}

const PRICES = /(?<=^COPY public\.prices [^\n]*\n).*?(?=^\\\.$)/ms;
const PORTS = /(?<=^COPY public\.ports [^\n]*\n).*?(?=^\\\.$)/ms;

/** The sample with other prices, one a line. */
function withPrices(...rows: string[]): string {
  return changedSample(PRICES, rows.map((row) => `${row.replaceAll(" ", "\t")}\n`).join(""));
}

const [THERE, BACK] = ["CNGGZ EETLL", "EETLL CNGGZ"];

describe("days", () => {
  test.each<[string, number, string[], string[]]>([
    ["over a leap day", 3, ["2024-02-28", "2024-02-29", "2024-03-01"], ["2024-02-28", "2024-02-29", "2024-03-01"]],
    ["over the end of a February", 2, ["2023-02-27", "2023-02-28", "2023-03-01"], ["2023-02-28", "2023-03-01"]],
    ["over the end of a year", 2, ["2020-12-30", "2020-12-31", "2021-01-01"], ["2020-12-31", "2021-01-01"]],
    [
      "of the calendar, also those without prices",
      7,
      ["2021-01-03", "2021-01-04", "2021-01-10"],
      ["2021-01-04", "2021-01-10"],
    ],
    ["whatever the order of the rows", 2, ["2021-01-03", "2021-01-01", "2021-01-02"], ["2021-01-03", "2021-01-02"]],
    ["back past the first of years", 400, ["0001-01-01", "0001-03-01"], ["0001-01-01", "0001-03-01"]],
    ["before the year 100", 1, ["0099-12-31", "0100-01-01"], ["0100-01-01"]],
    ["far more than there are", 2 ** 40, ["0001-01-01", "9999-12-31"], ["0001-01-01", "9999-12-31"]],
  ])("are counted %s", async (_how, days, given, kept) => {
    const { prices } = await subsetOf(withPrices(...given.map((day) => `${THERE} ${day} 1`)), { days });
    expect(prices).toEqual(kept.map((day) => `CNGGZ\tEETLL\t${day}\t1`));
  });

  test("alone keep every port and region", async () => {
    const { ports, regions } = await subsetOf(withPrices(), { days: 1 });
    expect([ports, regions]).toEqual([
      expect.toSatisfy((rows) => rows.length === 2),
      expect.toSatisfy((rows) => rows.length === 3),
    ]);
  });
});

describe("lanes", () => {
  test.each<[string, Subset, string[], string]>([
    ["have the most prices", { lanes: 1 }, [THERE, BACK, BACK], BACK],
    ["come in order of codes where they tie", { lanes: 1 }, [BACK, THERE], THERE],
    ["are not the same there and back", { lanes: 1 }, [BACK, BACK, THERE], BACK],
  ])("%s", async (_how, subset, lanes, expected) => {
    const { prices } = await subsetOf(withPrices(...lanes.map((lane) => `${lane} 2021-01-01 1`)), subset);
    expect(new Set(prices)).toEqual(new Set([`${expected.replace(" ", "\t")}\t2021-01-01\t1`]));
  });

  test("are chosen by the prices of the kept days alone, though a later day shows which they are", async () => {
    const old = Array<string>(5).fill(`${THERE} 2021-01-01 1`);
    const prices = withPrices(...old, `${BACK} 2021-01-30 1`, `${BACK} 2021-01-30 1`, `${THERE} 2021-01-31 1`);
    const kept = await subsetOf(prices, { days: 2, lanes: 1 });
    expect(kept["prices"]).toEqual(Array(2).fill("EETLL\tCNGGZ\t2021-01-30\t1"));
  });

  test("keep the ports they need and every region above, in the dump's order", async () => {
    const content = withPrices("EETLL EETLL 2021-01-01 1");
    expect(await subsetOf(content, { lanes: 5 })).toEqual({
      ports: ["EETLL\tTallinn\tbaltic"],
      prices: ["EETLL\tEETLL\t2021-01-01\t1"],
      regions: ["europe\tEurope\t\\N", "baltic\tBaltic\teurope"],
    });
  });

  test("end at regions that are above each other", async () => {
    const content = changedSample("europe\tEurope\t\\N", "europe\tEurope\tbaltic");
    expect((await subsetOf(content, { lanes: 1 }))["regions"]).toHaveLength(3);
  });

  test("of a dump without prices are none, with no port and no region", async () => {
    expect(await subsetOf(withPrices(), { days: 7, lanes: 3 })).toEqual({ ports: [], prices: [], regions: [] });
  });

  test("whose codes have the same hash are told apart", async () => {
    // The best known collision of FNV-1a with 32 bits; what comes behind it is the same.
    const content = withPrices(...["liquid", "costarring", "costarring"].map((port) => `${port} EETLL 2021-01-01 1`));
    const ports = "costarring\tOne\tchina\nliquid\tOther\tchina\nEETLL\tTallinn\tbaltic\n";
    const kept = await subsetOf(content.replace(PORTS, ports), { lanes: 1 });
    expect(kept["prices"]).toEqual(Array(2).fill("costarring\tEETLL\t2021-01-01\t1"));
    expect(kept["ports"]).toEqual(["costarring\tOne\tchina", "EETLL\tTallinn\tbaltic"]);
  });
});

test("columns in another order are understood, and stay as they are", async () => {
  const content = withPrices(`2 ${THERE} 2021-01-02`, `1 ${BACK} 2021-01-01`, `3 ${BACK} 2021-01-02`)
    .replace("prices (orig_code, dest_code, day, price)", "prices (price, dest_code, orig_code, day)")
    .replace("regions (slug, name, parent_slug)", "regions (parent_slug, slug, name)")
    .replace(
      "china\tChina\t\\N\neurope\tEurope\t\\N\nbaltic\tBaltic\teurope",
      "\\N\tchina\tChina\n\\N\teurope\tEurope\neurope\tbaltic\tBaltic",
    );
  const kept = await subsetOf(content, { days: 1, lanes: 1 });
  expect(kept["prices"]).toEqual(["3\tEETLL\tCNGGZ\t2021-01-02"]);
  expect(kept["regions"]).toHaveLength(3);
});

test("rows are kept byte for byte, however the reads of the file cut them", async () => {
  const names = Array.from(
    { length: 60_000 },
    (_, at) => `P${at}\tŚwinoujście \\\\ \\t東京 ${"é".repeat(at % 50)}\tbaltic`,
  );
  const content = changedSample("EETLL\tTallinn\tbaltic", ["EETLL\tTallinn\tbaltic", ...names].join("\n"));
  const kept = await subsetOf(content, { days: 1 });
  expect(kept["ports"]).toEqual(["CNGGZ\tGuangzhou\tchina", "EETLL\tTallinn\tbaltic", ...names]);
});

test("codes are the same however they are escaped, as PostgreSQL has it", async () => {
  const tallinn = ["\\x45ETLL", "\\105ETLL", "E\\ETLL", "EETLL"];
  const rows = tallinn.map((code) => `${code} 東\\\\\\t\\b 2021-01-01 1`);
  const content = withPrices(...rows, "EETLL EETLL 2021-01-01 1").replace(
    "CNGGZ\tGuangzhou",
    "東\\\\\\x09\\10\tGuangzhou",
  );
  using source = dumpFile(content);
  using folder = temporaryFolder();
  await using db = await testDatabase("empty");
  await using client = await db.connect();
  const target = join(folder.path, "subset.sql");
  await writeSubset(source.path, target, { lanes: 1 });
  await loadDump(client, target);
  expect(await db.query("SELECT DISTINCT orig_code, dest_code, count(*) OVER ()::int FROM prices")).toEqual([
    { orig_code: "EETLL", dest_code: "東\\\t\b", count: 4 },
  ]);
  expect(await db.query("SELECT FROM ports")).toHaveLength(2);
});

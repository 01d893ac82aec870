import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/folder";
import { SHIPPED_DUMP } from "../dataset/generate";
import { DumpError } from "../dump/error";
import { changedSample, dumpFile, lineOf, SAMPLE_DUMP } from "../dump/sample-dump";
import { type Subset, type SubsetProgress, writeSubset } from "./subset";

const FORMER = "the file of a former time";

describe("a subset of a number that is none is refused by name and value", () => {
  test.each<[Subset, string]>([
    [{ days: 0 }, "days is 0, expected an integer of at least 1"],
    [{ days: -7 }, "days is -7,"],
    [{ days: 1.5, lanes: 3 }, "days is 1.5,"],
    [{ days: 7, lanes: 0 }, "lanes is 0, expected an integer of at least 1"],
    [{ lanes: Number.NaN }, "lanes is NaN,"],
    [{ lanes: Number.POSITIVE_INFINITY }, "lanes is Infinity,"],
  ])("%j", async (subset, message) => {
    const written = writeSubset("nowhere.sql", "nothing.sql", subset);
    await expect(written).rejects.toThrow(RangeError);
    await expect(written).rejects.toThrow(message);
  });
});

describe("a bad dump is refused with its line, and the former target stays, where there is", () => {
  test.each<[string, string, string, RegExp]>([
    [
      "a bad row",
      changedSample("2021-01-02\t1200", "2021-01-32\t1200"),
      "CNGGZ\tEETLL\t2021-01-32",
      /prices.day is "2021/,
    ],
    ["no end", SAMPLE_DUMP.slice(0, SAMPLE_DUMP.indexOf("\t1300\n")), "CNGGZ\tEETLL\t2021-01-03", /truncated/],
    [
      "a missing origin",
      changedSample("CNGGZ\tEETLL\t2021-01-03", "ÉX\tEETLL\t2021-01-03"),
      "ÉX",
      /orig_code is "ÉX", which is not present in table ports/,
    ],
    [
      "a missing destination",
      changedSample("EETLL\t2021-01-03", "XXXXX\t2021-01-03"),
      "CNGGZ\tXXXXX",
      /dest_code is "XXXXX"/,
    ],
    [
      "a missing region",
      changedSample("Tallinn\tbaltic", "Tallinn\tatlantis"),
      "EETLL\tTallinn",
      /ports.parent_slug is "atlantis", which is not present in table regions/,
    ],
    [
      "a missing region above",
      changedSample("Baltic\teurope", "Baltic\tatlantis"),
      "baltic\tBaltic",
      /regions.parent_slug is "atlantis"/,
    ],
    [
      "a code that comes twice",
      changedSample("EETLL\tTallinn", "CNGGZ\tTallinn"),
      "CNGGZ\tTallinn",
      /ports.code "CNGGZ" stands here for the second/,
    ],
  ])("%s", async (_what, content, at, reason) => {
    for (const subset of [{ days: 3 }, { lanes: 3 }]) {
      using source = dumpFile(content);
      const target = join(dirname(source.path), "subset.sql");
      writeFileSync(target, FORMER);
      const error = await writeSubset(source.path, target, subset).catch((refusal: unknown) => refusal);
      expect(error).toBeInstanceOf(DumpError);
      expect(error).toMatchObject({
        file: source.path,
        line: lineOf(content, at),
        reason: expect.stringMatching(reason),
      });
      expect(readdirSync(dirname(target)).sort()).toEqual(["rates.sql", "subset.sql"]);
      expect(readFileSync(target, "utf8")).toBe(FORMER);
    }
  });

  test("a dump that is changed between the two readings", async () => {
    using source = dumpFile(SAMPLE_DUMP);
    const target = join(dirname(source.path), "subset.sql");
    const change = () => writeFileSync(source.path, changedSample("2021-01-03\t1300", "2021-01-03\t1301"));
    const onProgress = ({ table }: SubsetProgress) => table === "regions" && change();
    await expect(writeSubset(source.path, target, { days: 1 }, { onProgress })).rejects.toThrow(
      "changed while it was read",
    );
    expect(readdirSync(dirname(target))).toEqual(["rates.sql"]);
  });
});

describe("an abort rejects with its reason and leaves nothing", () => {
  test("before it begins", async () => {
    using folder = temporaryFolder();
    const signal = AbortSignal.abort(new Error("Ctrl-C"));
    const written = writeSubset(SHIPPED_DUMP, join(folder.path, "subset.sql"), { days: 7 }, { signal });
    await expect(written).rejects.toThrow("Ctrl-C");
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test.each([
    ["while the dump is read", 1, "prices"],
    ["while the prices are written", 2, "prices"],
    ["while the last table is written", 2, "regions"],
  ] as const)("%s", async (_when, pass, table) => {
    using folder = temporaryFolder();
    const target = join(folder.path, "subset.sql");
    writeFileSync(target, FORMER);
    const controller = new AbortController();
    const onProgress = (done: SubsetProgress) => {
      if (done.pass === pass && done.table === table) controller.abort(new Error("Ctrl-C"));
    };
    const written = writeSubset(SHIPPED_DUMP, target, { lanes: 5 }, { signal: controller.signal, onProgress });
    await expect(written).rejects.toThrow("Ctrl-C");
    expect(readdirSync(folder.path)).toEqual(["subset.sql"]);
    expect(readFileSync(target, "utf8")).toBe(FORMER);
  });
});

test("a target that cannot be written is named, and nothing unfinished stays", async () => {
  using folder = temporaryFolder();
  const target = join(folder.path, "subset.sql");
  await expect(writeSubset(SHIPPED_DUMP, join(target, "deeper.sql"), { days: 7 })).rejects.toThrow(target);
  mkdirSync(target);
  await expect(writeSubset(SHIPPED_DUMP, target, { days: 7 })).rejects.toThrow(target);
  expect(readdirSync(folder.path)).toEqual(["subset.sql"]);
});

test("two writers of one target do not disturb each other", async () => {
  using folder = temporaryFolder();
  const target = join(folder.path, "subset.sql");
  const [one, other] = await Promise.all([1, 2].map(() => writeSubset(SHIPPED_DUMP, target, { days: 7 })));
  expect(one).toEqual(other);
  expect(readdirSync(folder.path)).toEqual(["subset.sql"]);
});

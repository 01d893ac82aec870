import { describe, expect, test } from "vitest";
import { SHIPPED_DUMP } from "../dataset/generate";
import { DumpError } from "./error";
import { checkReferences } from "./references";
import { changedSample, dumpFile, lineOf, SAMPLE_DUMP } from "./sample-dump";

describe("a dump's keys and references are checked without a server", () => {
  test("the shipped dump keeps them, and its rows are counted", async () => {
    expect((await checkReferences(SHIPPED_DUMP)).rows).toEqual({ ports: 140, prices: 61_636, regions: 23 });
  });

  test("a region without a parent refers to nothing", async () => {
    using file = dumpFile(SAMPLE_DUMP);
    expect((await checkReferences(file.path)).rows).toEqual({ ports: 2, prices: 3, regions: 3 });
  });

  test.each([
    [
      "a port's region",
      "Tallinn\tbaltic",
      "Tallinn\tatlantis",
      "EETLL\tTallinn",
      /ports.parent_slug is "atlantis", which/,
    ],
    [
      "a price's origin",
      "CNGGZ\tEETLL\t2021-01-02",
      "XXXXX\tEETLL\t2021-01-02",
      "XXXXX",
      /prices.orig_code is "XXXXX"/,
    ],
    ["a price's destination", "EETLL\t2021-01-03", "YYYYY\t2021-01-03", "CNGGZ\tYYYYY", /prices.dest_code is "YYYYY"/],
    ["a region's parent", "Baltic\teurope", "Baltic\tatlantis", "baltic\tBaltic", /regions.parent_slug is "atlantis"/],
    ["one of two equal codes", "EETLL\tTallinn", "CNGGZ\tTallinn", "CNGGZ\tTallinn", /ports.code "CNGGZ" stands here/],
  ])("%s that is wrong is refused with its line", async (_what, from, to, at, reason) => {
    const content = changedSample(from, to);
    using file = dumpFile(content);
    const error = await checkReferences(file.path).catch((refusal: unknown) => refusal);
    expect(error).toBeInstanceOf(DumpError);
    expect((error as DumpError).reason).toMatch(reason);
    expect((error as DumpError).line).toBe(lineOf(content, at));
  });
});

import { measureBatchMemory } from "./batch-memory";
import { measureBatches } from "./batches";
import { measureCopies } from "./copies";
import { markdownTable, type Section, writeSection } from "./document";
import { measureEvents } from "./events";
import { measureFeed } from "./feed";
import { measureReads } from "./reads";
import { measureReadsUnderLoad } from "./reads-under-load";

/** A table, or none where a tool that it needs is missing. */
interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const MEASURES: Readonly<Record<Exclude<Section, "prove">, () => Promise<readonly Table[]>>> = {
  copies: async () => [{ header: ["what", "median", "min", "max", "aim"], rows: await copies() }],
  batches: async () => [
    { header: ["what", "ratio, median [min]", "batch", "\\copy", "pairs", "aim"], rows: await measureBatches() },
    {
      header: ["peak memory of a batch, warm", "1e7 rows / 1e5 rows", "1e7 rows", "1e5 rows", "aim"],
      rows: await measureBatchMemory(),
    },
  ],
  reads: async () => [
    {
      header: ["what", "ratio, median [min]", "`GET /rates`", "other side", "pairs", "aim"],
      rows: await measureReads(),
    },
    {
      header: ["what", "ratio, median [min]", "loaded or woken", "idle or warm", "pairs", "aim"],
      rows: await measureReadsUnderLoad(),
    },
  ],
  events: async () => [
    { header: ["what", "ratio, median [min]", "over HTTP", "other side", "pairs", "aim"], rows: await measureEvents() },
  ],
  feed: async () => [
    { header: ["what", "time, ratio, median [min]", "pull", "other side", "pairs", "aim"], rows: await measureFeed() },
  ],
};

/** `make bench`: measures all, or what `ONLY=` names, and writes docs/benchmarks.md. */
async function main(): Promise<void> {
  const known = Object.keys(MEASURES) as (keyof typeof MEASURES)[];
  const asked = process.argv.slice(2);
  const unknown = asked.filter((name) => !known.some((each) => each === name));
  if (unknown.length > 0) throw new Error(`ONLY=${unknown.join(" ")} is not known: use ${known.join(", ")}`);
  for (const section of known.filter((name) => asked.length === 0 || asked.includes(name))) {
    const tables = (await MEASURES[section]()).filter(({ rows }) => rows.length > 0);
    if (tables.length === 0) continue;
    writeSection(section, tables.map(({ header, rows }) => markdownTable(header, rows)).join("\n\n"));
  }
}

async function copies(): Promise<string[][]> {
  return (await measureCopies()).map(({ what, aim, figures }) => {
    const sorted = [...figures].sort((one, other) => one - other);
    const seconds = (index: number) => `${(sorted[index] ?? Number.NaN).toFixed(2)} s`;
    return [what, seconds(Math.floor(sorted.length / 2)), seconds(0), seconds(sorted.length - 1), aim];
  });
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});

import { measureBatchMemory } from "./batch-memory";
import { measureBatches } from "./batches";
import { measureCopies } from "./copies";
import { markdownTable, writeSection } from "./document";
import { measureReads } from "./reads";
import { measureReadsUnderLoad } from "./reads-under-load";

/** `make bench`: measures and writes docs/benchmarks.md. */
async function main(): Promise<void> {
  const rows = [...(await measureCopies())];
  const table = rows.map(({ what, aim, figures }) => {
    const sorted = [...figures].sort((one, other) => one - other);
    const seconds = (index: number) => `${(sorted[index] ?? Number.NaN).toFixed(2)} s`;
    return [what, seconds(Math.floor(sorted.length / 2)), seconds(0), seconds(sorted.length - 1), aim];
  });
  const copies = markdownTable(["what", "median", "min", "max", "aim"], table);
  const header = ["what", "ratio, median [min]", "batch", "\\copy", "pairs", "aim"];
  const batches = await measureBatches();
  const memoryHeader = ["peak memory of a batch, warm", "1e7 rows / 1e5 rows", "1e7 rows", "1e5 rows", "aim"];
  const readsHeader = ["what", "ratio, median [min]", "`GET /rates`", "other side", "pairs", "aim"];
  const loadHeader = ["what", "ratio, median [min]", "loaded or woken", "idle or warm", "pairs", "aim"];
  const tables = [
    { header: readsHeader, rows: await measureReads() },
    { header: loadHeader, rows: await measureReadsUnderLoad() },
    { header, rows: batches },
    { header: memoryHeader, rows: await measureBatchMemory() },
  ].filter((one) => one.rows.length > 0);
  writeSection("bench", [copies, ...tables.map((one) => markdownTable(one.header, one.rows))].join("\n\n"));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

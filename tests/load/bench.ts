import { measureBatches } from "./batches";
import { measureCopies } from "./copies";
import { markdownTable, writeSection } from "./document";

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
  writeSection("bench", [copies, ...(batches.length > 0 ? [markdownTable(header, batches)] : [])].join("\n\n"));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

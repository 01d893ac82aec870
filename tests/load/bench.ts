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
  writeSection("bench", markdownTable(["what", "median", "min", "max", "aim"], table));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

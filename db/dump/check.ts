import type { DumpSummary } from "./parts";
import { type ReadOptions, readDump } from "./reader";

/**
 * Reads a dump to its end without a database, about as fast as the disk gives it.
 * @throws DumpError naming file and line, at the first thing that is not as expected
 */
export async function checkDump(path: string, options: ReadOptions = {}): Promise<DumpSummary> {
  for await (const part of readDump(path, options)) {
    if (part.kind === "end") return part.summary;
  }
  throw new Error(`the reader of ${path} came to no end`);
}

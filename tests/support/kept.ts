import { join } from "node:path";

/** Lists the databases of failed tests, one a line: with it there, the server's folder outlives the run. */
export function keptFile(directory: string): string {
  return join(directory, "kept");
}

import { existsSync, readFileSync } from "node:fs";

/** Enough to hold one start-up with its error. */
const TAIL_LINES = 15;

/** The last lines of a log, for an error message; a word where there are none. */
export function tailOf(file: string, lines = TAIL_LINES): string {
  const text = existsSync(file) ? readFileSync(file, "utf8").trimEnd() : "";
  return text === "" ? `(${file} is empty)` : `The end of ${file}:\n${text.split("\n").slice(-lines).join("\n")}`;
}

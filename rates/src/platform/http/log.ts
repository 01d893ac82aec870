import { destination } from "pino";
import type { Config } from "../../config";

/** Where log lines go; standard output unless told otherwise. */
export interface LogTarget {
  write(line: string): void;
}

/**
 * Lines are written together once they are this long, in characters, or this old, in ms. A line of its own for every
 * request was a fifth of what a kept answer cost. A killed process loses what it had not written; one that ends does not.
 */
const LINES_LENGTH = 8_192;
const LINES_AGE_MS = 50;

/** Fastify's logger: lines of JSON. */
export function loggerOptions({ LOG_LEVEL }: Config, target: LogTarget | undefined) {
  return {
    level: LOG_LEVEL,
    formatters: { level: (level: string) => ({ level }) },
    timestamp,
    stream: target ?? standardOutput(),
  };
}

function standardOutput(): LogTarget {
  const output = destination({ fd: 1, sync: true, minLength: LINES_LENGTH, periodicFlush: LINES_AGE_MS });
  process.on("exit", () => output.flushSync());
  return output;
}

let latest = { ms: 0, text: "" };

/** Many lines are of one millisecond, and to write its date costs more than the rest of the line. */
function timestamp(): string {
  const ms = Date.now();
  if (ms !== latest.ms) latest = { ms, text: `,"time":"${new Date(ms).toISOString()}"` };
  return latest.text;
}

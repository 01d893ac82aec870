import pino from "pino";
import type { Config } from "../config";

/** What a pull has to say: lines of JSON, as the API's are. */
export interface FeedLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** To standard output, written at once: a pull that is killed has said everything. */
export function feedLog({ LOG_LEVEL }: Pick<Config, "LOG_LEVEL">): FeedLog {
  return pino(
    {
      level: LOG_LEVEL,
      base: null,
      formatters: { level: (level) => ({ level }) },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ fd: 1, sync: true }),
  );
}

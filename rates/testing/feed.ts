import { loadConfig, type ServiceEnvironment } from "../src/config";
import type { FeedLog } from "../src/feed/feed-log";
import type { Progress } from "../src/feed/progress";
import { Pull } from "../src/feed/pull";
import { openUpstream } from "../src/feed/upstream";
import { type DatabaseAccess, environmentFor } from "./api";
import { ServiceProcess } from "./service-process";

/** Where a pull of a test goes, and whereto. */
export interface PullPlace {
  readonly database: DatabaseAccess;
  readonly upstream: { readonly url: string; readonly key: string };
  readonly environment?: Partial<ServiceEnvironment>;
}

/** Limits that fit a test: what stalls is given up soon. */
const SHORT_LIMITS = { FEED_TIMEOUT_MS: "500", FEED_GIVE_UP_MS: "4000", FEED_MAX_BYTES: "16000000" };

/** What the log of a pull says, line by line. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

export interface PullResult {
  /** Undefined where it failed. */
  readonly progress: Progress | undefined;
  readonly error: Error | undefined;
  readonly log: readonly LogLine[];
}

/** Pulls within the test's process. It never fails; the result says how it ended. */
export async function pull(
  place: PullPlace,
  { anew = false, signal = new AbortController().signal } = {},
): Promise<PullResult> {
  const lines: LogLine[] = [];
  const log: FeedLog = {
    info: (fields, msg) => lines.push({ level: "info", ...fields, msg }),
    warn: (fields, msg) => lines.push({ level: "warn", ...fields, msg }),
  };
  const config = loadConfig(pullEnvironment(place));
  const parts = { config, upstream: openUpstream(config), log, signal, onBegin: () => {} };
  try {
    return { progress: await new Pull(parts).run({ anew }), error: undefined, log: lines };
  } catch (error) {
    return { progress: undefined, error: error instanceof Error ? error : new Error(String(error)), log: lines };
  }
}

/** A pull in a process of its own; `await using` kills it. */
export function startPull(bundle: string, place: PullPlace): ServiceProcess {
  return new ServiceProcess(bundle, pullEnvironment(place), "feed", "run");
}

export function pullEnvironment({ database, upstream, environment }: PullPlace): Partial<ServiceEnvironment> {
  return environmentFor(database, {
    API_BASE_URL: upstream.url,
    TARGET_API_KEY: upstream.key,
    ...SHORT_LIMITS,
    ...environment,
  });
}

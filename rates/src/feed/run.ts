import type { Config } from "../config";
import { feedLog } from "./feed-log";
import { Stopped } from "./outcome";
import type { Progress } from "./progress";
import { ProgressReport } from "./progress-report";
import { Pull } from "./pull";
import { openUpstream } from "./upstream";

/** As shells give it to a process that a signal ended. */
const SIGNAL_EXITS = { SIGTERM: 143, SIGINT: 130 } as const;

/**
 * `rates feed run`: pulls until everything is stored. A signal ends it after the page in hand, with 143 or 130; a second one
 * at once.
 * @returns the exit code: 0 when everything is stored
 * @throws what says why it is not
 */
export async function runPull(config: Config, options: { readonly anew: boolean }): Promise<number> {
  const log = feedLog(config);
  const stop = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(SIGNAL_EXITS[name]);
      log.info({ signal: name }, "ending after the page in hand");
      stop.abort(new Stopped(name));
    });
  }
  const upstream = openUpstream(config);
  let report: ProgressReport | undefined;
  const onBegin = (progress: Progress) => {
    const { sources } = upstream;
    log.info({ upstream: upstream.url, events: progress.events }, "pulling");
    report = new ProgressReport({
      progress,
      sources,
      log,
      intervalMs: config.PROGRESS_LOG_INTERVAL_MS,
      terminal: process.stderr,
    });
  };
  try {
    await new Pull({ config, upstream, log, signal: stop.signal, onBegin }).run(options);
    return 0;
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    log.warn(
      { reason: error.message },
      "stopped: everything that was taken is stored, and the next run goes on from there",
    );
    return error.signalName === "SIGINT" ? SIGNAL_EXITS.SIGINT : SIGNAL_EXITS.SIGTERM;
  } finally {
    report?.end();
  }
}

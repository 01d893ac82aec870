import type { FeedLog } from "./feed-log";
import type { Progress } from "./progress";
import type { RateBudget } from "./rate-budget";
import type { Sources } from "./sources";

const MINUTE_MS = 60_000;
const BAR_WIDTH = 30;
/** How often the bar on a terminal is drawn anew, in ms. */
const BAR_MS = 500;

interface ReportParts {
  readonly progress: Progress;
  readonly sources: Sources;
  readonly log: FeedLog;
  readonly intervalMs: number;
  /** Where a person looks: a terminal has a bar besides the lines of the log. */
  readonly terminal: NodeJS.WriteStream;
}

/** Tells how far a pull is, until it is ended. */
export class ProgressReport {
  readonly #timers: NodeJS.Timeout[];
  #then = { at: performance.now(), events: 0 };

  constructor(private readonly parts: ReportParts) {
    this.#then.events = parts.progress.events;
    this.#timers = [setInterval(() => this.#log(), parts.intervalMs)];
    if (parts.terminal.isTTY) this.#timers.push(setInterval(() => this.#draw(), BAR_MS));
  }

  end(): void {
    for (const timer of this.#timers) clearInterval(timer);
    if (this.parts.terminal.isTTY) this.parts.terminal.write("\r\x1b[K");
  }

  #log(): void {
    const { progress, sources, log } = this.parts;
    const now = performance.now();
    const perMs = (progress.events - this.#then.events) / Math.max(1, now - this.#then.at);
    this.#then = { at: now, events: progress.events };
    const { events, total, pages, fetchMsEma, dbTxMsEma, dbInsertMsEma, dbStateMsEma } = progress;
    const source = sources.pick();
    log.info(
      {
        events,
        total,
        pages,
        eventsPerMinute: Math.round(perMs * MINUTE_MS),
        fetchMsEma: rounded(fetchMsEma),
        dbTxMsEma: rounded(dbTxMsEma),
        dbInsertMsEma: rounded(dbInsertMsEma),
        dbStateMsEma: rounded(dbStateMsEma),
        source: source.name,
        rateLimit: limitOf(source.budget),
        percent: percentOf(progress),
        etaSeconds: etaOf(progress, perMs),
      },
      "ingest.progress",
    );
  }

  #draw(): void {
    const { progress, terminal } = this.parts;
    const percent = percentOf(progress);
    const filled = Math.round(((percent ?? 0) / 100) * BAR_WIDTH);
    const bar = `${"#".repeat(filled)}${"-".repeat(BAR_WIDTH - filled)}`;
    const total = progress.total === undefined ? "" : ` of ${progress.total.toLocaleString("en")}`;
    terminal.write(`\r\x1b[K[${bar}] ${percent ?? "?"} %  ${progress.events.toLocaleString("en")}${total} events`);
  }
}

function limitOf({ limit, left }: RateBudget) {
  return { limit, remaining: left };
}

function percentOf({ events, total }: Progress): number | undefined {
  return total ? Math.min(100, Math.round((events / total) * 1_000) / 10) : undefined;
}

function etaOf({ events, total }: Progress, perMs: number): number | undefined {
  if (total === undefined || perMs <= 0) return undefined;
  return Math.round(Math.max(0, total - events) / perMs / 1_000);
}

function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 10) / 10;
}

import { type Answer, answerOf, type RawAnswer } from "./answer";
import { type FeedClient, NoAnswer } from "./client";
import { PageSize } from "./page-size";
import type { RateBudget } from "./rate-budget";
import { rateNewsOf, retryAtOf } from "./rate-news";
import type { StreamAccess } from "./stream-access";

export type SourceName = "stream" | "events";

/** Which page is wanted. Moments are ms since 1970. */
export interface PageRequest {
  readonly cursor?: string | undefined;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Events of the page at most, where not as many as the source gives. */
  readonly limit?: number | undefined;
}

/** How a path of the upstream is asked. */
interface Door {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface SourceParts {
  readonly client: FeedClient;
  readonly budget: RateBudget;
  /** Most events to ask for. */
  readonly limit: number;
  /** What must be in no log. */
  readonly key: string;
}

const TOO_MANY = 429;

/** One of the two ways in which the upstream gives its events. */
export class Source {
  readonly size: PageSize;
  /** Whether pages can be asked for by time; undefined until it was tried. */
  windows: boolean | undefined;
  /** Whether it takes cursors of the other source; undefined until it was tried. */
  takesForeign: boolean | undefined;

  constructor(
    readonly name: SourceName,
    private readonly parts: SourceParts,
    private readonly door: Door | StreamAccess,
  ) {
    this.size = new PageSize(parts.limit);
  }

  get budget(): RateBudget {
    return this.parts.budget;
  }

  /** Asks for a page, as soon as the rate limit allows. Refusals for the rate are waited out. @throws what the signal says */
  async fetch(request: PageRequest, signal: AbortSignal): Promise<Answer> {
    const answer = await this.#fetch(request, signal);
    return "why" in answer ? { ...answer, why: answer.why.replaceAll(this.parts.key, "[key]") } : answer;
  }

  async #fetch(request: PageRequest, signal: AbortSignal): Promise<Answer> {
    let renewed = false;
    for (;;) {
      const opened = await this.#open(signal);
      if (!("path" in opened)) return opened;
      const raw = await this.#ask(opened, request, signal);
      if (!("status" in raw)) return raw;
      if (raw.status === TOO_MANY) continue;
      const isRefused = raw.status === 401 || raw.status === 403;
      if (!isRefused || !("renew" in this.door) || renewed) return answerOf(raw);
      this.door.renew();
      renewed = true;
    }
  }

  async #open(signal: AbortSignal): Promise<Door | Answer> {
    return "path" in this.door ? this.door : await this.door.open(signal);
  }

  /** @returns the answer, or why there is none */
  async #ask({ path, headers }: Door, request: PageRequest, signal: AbortSignal): Promise<RawAnswer | Answer> {
    const { client, budget } = this.parts;
    await budget.take(signal);
    try {
      const raw = await client.ask({ method: "GET", path: `${path}${this.#query(path, request)}`, headers }, signal);
      this.#settle(raw);
      return raw;
    } catch (error) {
      budget.settle(undefined);
      if (!(error instanceof NoAnswer)) throw error;
      return error.isTooLarge
        ? { kind: "narrower", why: error.message, isTooLarge: true }
        : { kind: "failed", why: error.message };
    }
  }

  #settle(raw: RawAnswer): void {
    const { budget } = this.parts;
    const clock = { now: Date.now(), marginMs: budget.marginMs };
    const news = rateNewsOf(raw.headers, clock);
    if (raw.status === TOO_MANY) budget.refuse(retryAtOf(raw.headers, raw.body, clock), news);
    else budget.settle(news);
  }

  #query(path: string, { cursor, since, until, limit = this.size.current }: PageRequest): string {
    const query = new URLSearchParams({ limit: String(limit) });
    if (cursor !== undefined) query.set("cursor", cursor);
    if (since !== undefined) query.set("since", String(Math.floor(since)));
    if (until !== undefined) query.set("until", String(Math.ceil(until)));
    return `${path.includes("?") ? "&" : "?"}${query}`;
  }
}

import { setTimeout as delay } from "node:timers/promises";
import type { Answer, FetchedPage } from "./answer";
import type { FeedLog } from "./feed-log";
import { Incomplete } from "./outcome";
import type { PageRequest, Source } from "./source";
import type { Sources } from "./sources";

/** What came of asking for one page. */
export type Outcome =
  | FetchedPage
  /** The cursor is dead. */
  | { readonly kind: "lost"; readonly why: string }
  /** Pages cannot be asked for by time here. */
  | { readonly kind: "windowless"; readonly why: string }
  /** The source is away. */
  | { readonly kind: "away"; readonly why: string };

export interface AttemptParts {
  readonly sources: Sources;
  readonly log: FeedLog;
  readonly giveUpMs: number;
  readonly signal: AbortSignal;
}

/** Pauses between attempts, in ms; bursts of errors are known to last some seconds. */
const PAUSE = { first: 100, longest: 10_000 };
/**
 * Failures in a row after which the stream counts as away. One that was away before has fewer attempts, but more than it
 * takes to find a cursor dead: else it would be left for a cursor of the other source, before it was asked by time.
 */
const STREAM_PATIENCE = 6;
const DOUBTED_PATIENCE = 4;
/** 502 is what some upstreams answer to a dead cursor, and others to anything. */
const STALE_PATIENCE = 3;
/** Refusals in a row that are not taken for an accident any more. */
const CLOSED_PATIENCE = 5;
/** An answer that is too large may be an accident once. */
const LARGE_PATIENCE = 2;

/** Asks for one page until it is there, or until it is certain that this way does not lead to it. */
export class Attempt {
  #failures = 0;
  #closed = 0;
  #tooLarge = 0;

  constructor(
    private readonly parts: AttemptParts,
    private readonly source: Source,
    private readonly request: PageRequest,
  ) {}

  /** @throws {Incomplete} where the upstream has given nothing for too long, or refuses for good; what the signal says */
  async run(): Promise<Outcome> {
    const { sources, signal } = this.parts;
    for (;;) {
      const answer = await this.source.fetch(this.request, signal);
      if (answer.kind === "page") {
        sources.arrived(this.source);
        if (this.request.limit === undefined) this.source.size.granted();
        return answer;
      }
      const outcome = this.#decide(answer);
      if (outcome !== undefined) return outcome;
      await this.#pause(answer.why);
    }
  }

  /** @returns undefined where another attempt may help */
  #decide(answer: Exclude<Answer, FetchedPage>): Outcome | undefined {
    const { why } = answer;
    if (answer.kind === "stale") return { kind: "lost", why };
    if (answer.kind === "narrower") return this.#narrow(answer);
    this.#failures += 1;
    if (answer.kind === "closed") this.#closed += 1;
    const mayBeStale = answer.kind === "failed" && answer.mayBeStale === true && this.request.cursor !== undefined;
    if (mayBeStale && this.#failures >= STALE_PATIENCE) return { kind: "lost", why };
    return this.source.name === "stream" ? this.#doubtStream(answer) : this.#doubtEvents(why);
  }

  #narrow({ why, isTooLarge }: { readonly why: string; readonly isTooLarge?: boolean }): Outcome | undefined {
    this.#tooLarge += 1;
    if (isTooLarge && this.#tooLarge < LARGE_PATIENCE) return undefined;
    const isWindow = this.request.since !== undefined || this.request.until !== undefined;
    if (isWindow && !isTooLarge && this.source.size.isProven) return { kind: "windowless", why };
    if (!this.source.size.refused(why)) this.#failures += 1;
    this.parts.log.info({ source: this.source.name, limit: this.source.size.current, why }, "asking for smaller pages");
    return undefined;
  }

  #doubtStream({ kind, why }: Answer & { readonly why: string }): Outcome | undefined {
    const { sources } = this.parts;
    const patience = sources.isStreamDoubtful ? DOUBTED_PATIENCE : STREAM_PATIENCE;
    if (kind !== "closed" && this.#failures < patience) return undefined;
    sources.lose();
    return { kind: "away", why };
  }

  #doubtEvents(why: string): Outcome | undefined {
    const { sources } = this.parts;
    const isOther = sources.pick() !== this.source;
    if (isOther && this.#failures >= STREAM_PATIENCE) return { kind: "away", why };
    if (isOther || this.#closed < CLOSED_PATIENCE) return undefined;
    throw new Incomplete(`the upstream refuses: ${why}. Check API_BASE_URL and TARGET_API_KEY_FILE`);
  }

  async #pause(why: string): Promise<void> {
    const { sources, log, giveUpMs, signal } = this.parts;
    const silentMs = performance.now() - sources.lastPageAt;
    if (silentMs > giveUpMs) {
      throw new Incomplete(`the upstream gave no page for ${Math.round(silentMs / 1000)} s (FEED_GIVE_UP_MS): ${why}`);
    }
    const pause = Math.min(PAUSE.longest, PAUSE.first * 2 ** Math.max(0, this.#failures - 1));
    log.warn({ source: this.source.name, why, pauseMs: pause }, "no page: asking again");
    await delay(pause, undefined, { signal });
  }
}

import { setTimeout as delay } from "node:timers/promises";
import { LearnedLimit } from "./learned-limit";
import type { RateNews } from "./rate-news";

/** Pauses after refusals that do not say for how long: the usual window is a minute. */
const BLIND = { first: 1_000, longest: 60_000 };
/** How often to look again where only another answer can tell more. */
const LOOK_MS = 20;
/** Timers and clocks are exact to a ms or two; a request that is too early is refused. */
const SPARE_MS = 5;
/** Two moments for the end of one window differ by what rounding makes of it. */
const SAME_WINDOW_MS = 1_500;
/** A refusal this soon after the end of a window, as it was told, means that the end was rounded down. */
const TOO_EARLY_MS = 1_000;

/**
 * The requests that one limit of the upstream still allows. All workers ask it before each request and tell it of each
 * answer, so that a window is used up and not exceeded. What the upstream says counts; where it says nothing, the first
 * refusal teaches how many requests a window has.
 */
export class RateBudget {
  /** Requests of a window, as the upstream says. */
  limit: number | undefined;
  /** What to add to moments that the upstream gives in whole seconds, in ms: nothing until one was too early. */
  marginMs = 0;
  /** Least that any answer of this window said was left; what is in flight may not be counted in it. */
  #lowest: number | undefined;
  /** Whether `#lowest` is our own assumption, which the next answer replaces. */
  #isAssumed = false;
  #resetAt: number | undefined;
  #openedAt = 0;
  #blockedUntil = 0;
  #blindPause = 0;
  #inFlight = 0;
  #isUnknown = true;
  /** A window that moves on frees its requests one by one. */
  #isSliding = false;
  readonly #learned = new LearnedLimit();

  /** @param roundedMs what `marginMs` becomes once the upstream was found to round down */
  constructor(private readonly roundedMs: number) {}

  /** Requests that the window still has, as far as it is known. */
  get left(): number | undefined {
    return this.#lowest === undefined ? undefined : Math.max(0, this.#lowest - this.#inFlight);
  }

  /** Waits for the turn of one request, which `settle` or `refuse` has to follow. @throws what the signal says */
  async take(signal: AbortSignal): Promise<void> {
    for (let wait = this.#waitMs(Date.now()); wait > 0; wait = this.#waitMs(Date.now())) {
      await delay(wait, undefined, { signal });
    }
    signal.throwIfAborted();
    this.#inFlight += 1;
    this.#learned.note(Date.now());
  }

  /** To be told of every answer, and with `undefined` of a request without one. */
  settle(news: RateNews | undefined): void {
    this.#inFlight -= 1;
    this.#isUnknown = false;
    if (news === undefined) {
      // It may have been counted.
      if (this.#lowest !== undefined) this.#lowest -= 1;
      return;
    }
    this.#blindPause = 0;
    this.#learned.granted(Date.now());
    this.limit = news.limit ?? this.limit;
    if (news.remaining !== undefined) this.#takeRemaining(news.remaining, news.resetAt);
  }

  /** To be told of a refusal. @param retryAt when requests are taken again, ms since 1970, as far as it was said */
  refuse(retryAt: number | undefined, news: RateNews): void {
    const now = Date.now();
    this.#inFlight -= 1;
    this.#isUnknown = false;
    this.limit = news.limit ?? this.limit;
    if (now - this.#openedAt < TOO_EARLY_MS) this.marginMs = this.roundedMs;
    if (this.limit === undefined) this.#learned.refused(now, retryAt);
    if (retryAt === undefined || retryAt <= now) this.#blindPause = nextPause(this.#blindPause);
    const until = this.#blindPause > 0 ? now + this.#blindPause : (retryAt ?? now) + SPARE_MS;
    this.#blockedUntil = Math.max(this.#blockedUntil, until);
    this.#resetAt = undefined;
    this.#assume(1);
  }

  #takeRemaining(remaining: number, resetAt: number | undefined): void {
    if (resetAt !== undefined && resetAt <= Date.now()) return;
    const known = this.#resetAt;
    const isSame = resetAt === undefined || known === undefined || Math.abs(resetAt - known) < SAME_WINDOW_MS;
    if (this.#isAssumed && this.#lowest !== undefined && this.#lowest > 1) {
      this.#isSliding = remaining + this.#inFlight + 1 < this.#lowest;
    }
    const replaces = this.#isAssumed || this.#isSliding || !isSame || this.#lowest === undefined;
    this.#lowest = replaces ? remaining : Math.min(remaining, this.#lowest ?? remaining);
    this.#resetAt = isSame && known !== undefined ? Math.min(known, resetAt ?? known) : resetAt;
    this.#isAssumed = false;
  }

  #waitMs(now: number): number {
    if (now < this.#blockedUntil) return this.#blockedUntil - now;
    // The first answer tells what all others may do.
    if ((this.#isUnknown || this.#learned.isTrying) && this.#inFlight > 0) return LOOK_MS;
    if (this.#resetAt !== undefined && now >= this.#resetAt + SPARE_MS) this.#beginWindow(now);
    if (this.left !== 0) return this.limit === undefined ? this.#learned.waitMs(now) : 0;
    if (this.#inFlight > 0) return LOOK_MS;
    if (this.#resetAt !== undefined) return this.#resetAt + SPARE_MS - now;
    // Used up, and nobody says until when: the answer to one more request does.
    this.#assume(1);
    return BLIND.first;
  }

  #beginWindow(now: number): void {
    this.#resetAt = undefined;
    this.#openedAt = now;
    this.#assume(this.#isSliding ? 1 : this.limit);
  }

  #assume(requests: number | undefined): void {
    this.#lowest = requests === undefined ? undefined : requests + this.#inFlight;
    this.#isAssumed = true;
  }
}

function nextPause(pause: number): number {
  return Math.min(BLIND.longest, Math.max(BLIND.first, pause * 2));
}

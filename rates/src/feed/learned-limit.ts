/** Timers and clocks are exact to a ms or two. */
const SPARE_MS = 5;
/** Enough to explain any refusal by. */
const MOST_KEPT = 20_000;

/**
 * A limit of which the upstream says nothing. The first refusal tells how many requests a window has, and the first
 * request that is taken after it how long a window is at most. From then on no span of that length has more.
 */
export class LearnedLimit {
  #requests = Number.POSITIVE_INFINITY;
  #windowMs = Number.POSITIVE_INFINITY;
  /** When the window began whose length is being found out. */
  #trying: number | undefined;
  #sent: number[] = [];

  /** Whether requests are tried one by one until one is taken. */
  get isTrying(): boolean {
    return this.#trying !== undefined;
  }

  /** To be told of every request. */
  note(now: number): void {
    this.#sent.push(now);
    if (this.#sent.length > MOST_KEPT) this.#sent = this.#sent.slice(-MOST_KEPT / 2);
  }

  /** To be told of every request that was not refused. */
  granted(now: number): void {
    if (this.#trying === undefined) return;
    this.#windowMs = Math.max(1, now - this.#trying);
    this.#trying = undefined;
    this.#sent = this.#sent.slice(-1);
  }

  /** To be told of every refusal. @param retryAt what it said, ms since 1970 */
  refused(now: number, retryAt: number | undefined): void {
    if (this.#trying !== undefined) return;
    const begun = this.#sent.find((sent) => now - sent < this.#windowMs) ?? now;
    const granted = this.#sent.filter((sent) => sent >= begun).length - 1;
    this.#requests = Math.max(1, Math.min(this.#requests, granted));
    this.#trying = begun;
    this.#windowMs = retryAt === undefined ? Number.POSITIVE_INFINITY : retryAt - begun;
  }

  /** @returns ms until one more request fits in */
  waitMs(now: number): number {
    if (!Number.isFinite(this.#windowMs) || this.#trying !== undefined) return 0;
    this.#sent = this.#sent.filter((sent) => now - sent < this.#windowMs + SPARE_MS);
    const blocking = this.#sent[this.#sent.length - this.#requests];
    return blocking === undefined ? 0 : Math.max(1, blocking + this.#windowMs + SPARE_MS - now);
  }
}

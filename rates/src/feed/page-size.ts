/** A size that is this near to one that is refused is not worth another refusal. */
const NEAR = 0.95;

/** How many events to ask for at once: as many as wanted, or as many as the upstream turns out to allow. */
export class PageSize {
  current: number;
  #works = 0;
  #refused = Number.POSITIVE_INFINITY;

  constructor(wanted: number) {
    this.current = wanted;
  }

  /** Whether the upstream has given a page of the present size. */
  get isProven(): boolean {
    return this.#works >= this.current;
  }

  /** To be told of each page that was asked for with the present size. */
  granted(): void {
    this.#works = Math.max(this.#works, this.current);
    if (Number.isFinite(this.#refused) && this.#works < this.#refused * NEAR) this.current = this.#between();
  }

  /** To be told that the size is refused. @param why may name the most that is allowed @returns whether a smaller one is left */
  refused(why: string): boolean {
    if (this.current <= 1) return false;
    this.#refused = Math.min(this.#refused, this.current);
    const named = [...why.matchAll(/\d{1,7}/g)].map(([digits]) => Number(digits));
    const allowed = named.filter((number) => number > this.#works && number < this.#refused && number >= 10);
    // A status such as 400 also is a number; a page of that size is no harm, and larger ones are tried after it.
    this.current = allowed.length > 0 ? Math.max(...allowed) : this.#between();
    return true;
  }

  #between(): number {
    return this.#works > 0
      ? Math.max(this.#works, Math.floor((this.#works + this.#refused) / 2))
      : Math.max(1, Math.floor(this.#refused / 2));
  }
}

import type { Page } from "./page";

/** A cursor that is used within this, in ms, has not died of age. */
const FRESH_MS = 1_000;
/** Empty first pages of an upstream that says it has events, before it is taken at its deeds. */
const MOST_EMPTY = 20;

/**
 * Whether an empty page is the end of the list. A dead cursor may be answered in the same way, so the walk goes back to the
 * last page that had events and comes again with a fresh cursor: if there is nothing again, there is nothing.
 */
export class Doubt {
  #state: "none" | "raised" | "came again" = "none";
  #empty = 0;

  raise(): void {
    this.#state = "raised";
  }

  /** To be told of every page with events. */
  sawEvents(): void {
    this.#empty = 0;
    this.#state = this.#state === "raised" ? "came again" : "none";
  }

  /** @param age of the cursor that led to nothing, in ms */
  isSettled(age: number): boolean {
    return this.#state === "came again" && age < FRESH_MS;
  }

  /** Whether the first page was empty twice, of an upstream that does not say that it has any. */
  isEmptyTwice({ total }: Page): boolean {
    this.#empty += 1;
    return this.#empty > 1 && !total;
  }

  get isHopeless(): boolean {
    return this.#empty > MOST_EMPTY;
  }
}

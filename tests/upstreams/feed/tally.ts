import type { Counts } from "./statistics";

/** Counts what the upstream does. */
export class Tally {
  readonly #requests: Record<string, number> = {};
  readonly #faults: Record<string, number> = {};
  readonly #pages: Record<string, number> = {};
  readonly #windows: Record<string, number> = {};
  #foreign = 0;
  #foreignWithSecret = 0;

  request(name: string, status: number): void {
    increase(this.#requests, `${name} ${status}`);
  }

  fault(name: string): void {
    increase(this.#faults, name);
  }

  page(places: string): void {
    increase(this.#pages, places);
  }

  granted(path: string, window: number): void {
    increase(this.#windows, `${path} ${window}`);
  }

  foreign(hasSecret: boolean): void {
    this.#foreign += 1;
    if (hasSecret) this.#foreignWithSecret += 1;
  }

  counts(arrived: number): Counts {
    return {
      requests: this.#requests,
      faults: this.#faults,
      pages: this.#pages,
      windows: this.#windows,
      foreign: this.#foreign,
      foreignWithSecret: this.#foreignWithSecret,
      arrived,
    };
  }
}

function increase(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

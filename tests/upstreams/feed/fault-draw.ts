import { randomNumbers } from "../../support/random";
import { FAULTS, type Fault, type Switches } from "./switches";

/** Decides which requests go wrong. The same seed has the same happen to the same number of requests before. */
export class FaultDraw {
  readonly #random: () => number;
  #burst = 0;

  constructor(seed: number) {
    this.#random = randomNumbers(seed);
  }

  /** What happens to the next request. */
  next({ faults, errorBurst, cursorLossLasts }: Switches): Fault | undefined {
    const drawn = this.#random();
    // A burst ends with the switch that began it.
    this.#burst = faults.error === undefined ? 0 : Math.max(0, this.#burst - 1);
    if (this.#burst > 0) return "error";
    let below = 0;
    for (const fault of FAULTS) {
      below += faults[fault] ?? 0;
      if (drawn >= below) continue;
      // It is the page's own then.
      if (fault === "lost-cursor" && cursorLossLasts) return undefined;
      if (fault === "error") this.#burst = errorBurst;
      return fault;
    }
    return undefined;
  }

  /** 32 bits for what is left open. */
  chance(): number {
    return Math.floor(this.#random() * 2 ** 32);
  }
}

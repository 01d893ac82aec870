/** Where a process is in its life: it starts, serves, and drains until it ends. */
export class Lifecycle {
  #phase: "starting" | "serving" | "draining" = "starting";

  /** Whether the process has been ready once and does not drain: what a proxy wants to know. */
  get isServing(): boolean {
    return this.#phase === "serving";
  }

  get isDraining(): boolean {
    return this.#phase === "draining";
  }

  serve(): void {
    if (this.#phase === "starting") this.#phase = "serving";
  }

  drain(): void {
    this.#phase = "draining";
  }
}

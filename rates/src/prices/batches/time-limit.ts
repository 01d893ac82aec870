/** The time that a batch has for all its steps. Disposing of it ends the watch. */
export class TimeLimit implements Disposable {
  readonly #timer: NodeJS.Timeout;
  #stop: () => void = () => {};
  #isOver = false;

  constructor(ms: number) {
    this.#timer = setTimeout(() => {
      this.#isOver = true;
      this.#stop();
    }, ms);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** What ends the present step when the time is over; it takes the place of the last step's. */
  whenOver(stop: () => void): void {
    this.#stop = stop;
    if (this.#isOver) stop();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** Doubles hold every integer up to 2^53; below half of that there is room for one more summand. */
const HALF = 2 ** 52;

/** A sum of non-negative integers of any size: in a double while that is exact, which is ten times as fast as bigint. */
export class ExactSum {
  #low = 0;
  #high = 0n;

  get value(): bigint {
    return this.#high + BigInt(this.#low);
  }

  add(value: number): void {
    if (this.#low >= HALF) this.#carry();
    if (value >= HALF) this.#high += BigInt(value);
    else this.#low += value;
  }

  /** Adds `value` `times` times; each of the two is below 2^53. */
  addTimes(value: number, times: number): void {
    const product = value * times;
    if (product < HALF) this.add(product);
    else this.#high += BigInt(value) * BigInt(times);
  }

  #carry(): void {
    this.#high += BigInt(this.#low);
    this.#low = 0;
  }
}

import { ExactSum } from "./exact-sum";

/** Days from 0001-01-01 to PostgreSQL's day 0. */
const FIRST_DAY_OFFSET = 730_119;
const MIX_LANES = 4_096;

/** What rows or totals add up to. Both sides of a batch are compared before its commit. */
export class BatchCheck {
  readonly #rows = new ExactSum();
  readonly #sum = new ExactSum();
  /** Of (lane_id mod 4096 + 1) * (days since 0001-01-01): a price on a wrong lane or day shows here. */
  readonly #mix = new ExactSum();

  get rows(): bigint {
    return this.#rows.value;
  }

  get sum(): bigint {
    return this.#sum.value;
  }

  /** Notes one price. */
  addPrice(lane: number, day: number, price: number): void {
    this.#rows.add(1);
    this.#sum.add(price);
    this.#mix.add(((lane % MIX_LANES) + 1) * (day + FIRST_DAY_OFFSET));
  }

  /** Notes the number of prices of one lane and day. */
  addCount(lane: number, day: number, count: number): void {
    this.#rows.add(count);
    this.#mix.addTimes(((lane % MIX_LANES) + 1) * (day + FIRST_DAY_OFFSET), count);
  }

  addSum(sum: number): void {
    this.#sum.add(sum);
  }

  /** @returns what differs, in words, or undefined */
  differenceTo(other: BatchCheck): string | undefined {
    const pairs = [
      ["rows", this.rows, other.rows],
      ["sum", this.sum, other.sum],
      ["mix of lanes and days", this.#mix.value, other.#mix.value],
    ] as const;
    const found = pairs.find(([, mine, theirs]) => mine !== theirs);
    return found && `${found[0]}: ${found[1]} and ${found[2]}`;
  }
}

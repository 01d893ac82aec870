import { type SortSpace, sortedOrder } from "./run-sort";

/** Rows to a chunk: a sort of 10 ms, which requests that wait meanwhile hardly feel, and 5 MB for all arrays. */
export const CHUNK_ROWS = 131_072;
/** 32-bit words of one total: lane, day, count, and the sum's low and high half. */
export const TOTAL_WORDS = 5;

const TWO_32 = 2 ** 32;

/**
 * Prices in the order they came, and their totals by lane and day in key order. The arrays are made once and used for
 * one chunk after another.
 */
export class Chunk {
  readonly lanes: Int32Array;
  readonly days: Int32Array;
  readonly prices: Int32Array;
  /** TOTAL_WORDS for each total. */
  readonly totals: Int32Array;
  size = 0;
  readonly #space: SortSpace;

  /** @param rows how many rows fit; never more may be added */
  constructor(readonly rows: number) {
    this.lanes = new Int32Array(rows);
    this.days = new Int32Array(rows);
    this.prices = new Int32Array(rows);
    this.totals = new Int32Array(rows * TOTAL_WORDS);
    this.#space = { order: new Int32Array(rows), spare: new Int32Array(rows) };
  }

  add(lane: number, day: number, price: number): void {
    const row = this.size;
    this.lanes[row] = lane;
    this.days[row] = day;
    this.prices[row] = price;
    this.size = row + 1;
  }

  /**
   * Fills `totals`. A sum is below 2^53, because a chunk has fewer than 2^22 rows.
   * @returns how many totals there are
   */
  total(): number {
    const { lanes, days, prices } = this;
    const order = sortedOrder([days, lanes], this.size, this.#space);
    let count = 0;
    for (let at = 0; at < this.size; ) {
      const first = order[at] as number;
      const lane = lanes[first] as number;
      const day = days[first] as number;
      const start = at;
      let sum = 0;
      let row = first;
      do {
        sum += prices[row] as number;
        at += 1;
        row = order[at] as number;
      } while (at < this.size && lanes[row] === lane && days[row] === day);
      this.#put(count, { lane, day, count: at - start, sum });
      count += 1;
    }
    return count;
  }

  #put(index: number, { lane, day, count, sum }: { lane: number; day: number; count: number; sum: number }): void {
    const at = index * TOTAL_WORDS;
    const { totals } = this;
    totals[at] = lane;
    totals[at + 1] = day;
    totals[at + 2] = count;
    totals[at + 3] = sum % TWO_32;
    totals[at + 4] = sum / TWO_32;
  }
}

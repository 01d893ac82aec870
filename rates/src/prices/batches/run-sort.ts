/** Digits of 16 bits: two passes order any 32-bit number, and the counters still fit a core's own cache. */
const DIGIT_BITS = 16;
const DIGIT_MASK = 0xffff;

const counters = new Int32Array(DIGIT_MASK + 2);

/** Arrays that a sort works in; both are overwritten. */
export interface SortSpace {
  readonly order: Int32Array;
  readonly spare: Int32Array;
}

/**
 * Orders row numbers by keys, of which the last counts most, without moving the keys: least significant digit first,
 * as many passes as the keys' range needs (one for the days of 179 years, one for 65,536 lanes).
 * @returns the row numbers in order; one of the two arrays of the space
 */
export function sortedOrder(keys: readonly Int32Array[], count: number, { order, spare }: SortSpace): Int32Array {
  for (let row = 0; row < count; row += 1) order[row] = row;
  let [from, to] = [order, spare];
  for (const key of keys) {
    const { least, range } = rangeOf(key, count);
    for (let shift = 0; shift === 0 || range >= 2 ** shift; shift += DIGIT_BITS) {
      sortByDigit(key, count, { from, to, least, shift, range });
      [from, to] = [to, from];
    }
  }
  return from;
}

interface Pass {
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly least: number;
  readonly shift: number;
  readonly range: number;
}

function sortByDigit(key: Int32Array, count: number, { from, to, least, shift, range }: Pass): void {
  const digits = Math.min(range, DIGIT_MASK) + 1;
  counters.fill(0, 0, digits + 1);
  for (let row = 0; row < count; row += 1) {
    const digit = (((key[row] as number) - least) >>> shift) & DIGIT_MASK;
    counters[digit + 1] = (counters[digit + 1] as number) + 1;
  }
  for (let digit = 1; digit < digits; digit += 1) {
    counters[digit] = (counters[digit] as number) + (counters[digit - 1] as number);
  }
  for (let at = 0; at < count; at += 1) {
    const row = from[at] as number;
    const digit = (((key[row] as number) - least) >>> shift) & DIGIT_MASK;
    const place = counters[digit] as number;
    to[place] = row;
    counters[digit] = place + 1;
  }
}

function rangeOf(key: Int32Array, count: number): { least: number; range: number } {
  let least = 0x7fffffff;
  let most = -0x80000000;
  for (let row = 0; row < count; row += 1) {
    const value = key[row] as number;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return { least, range: count === 0 ? 0 : most - least };
}

import { COLUMNS } from "./csv-header";
import type { LaneCodes } from "./lane-ids";

const DAY_MS = 86_400_000;
/** The days a sample covers, the two months behind the shipped prices. */
const FIRST_DAY = Date.UTC(2021, 1, 1);
const DAYS = 59;
const LEAST_PRICE = 500;
const PRICES = 2_500;
/** Written at once: some 100 kB. */
const PIECE_ROWS = 4_096;

/** What a sample is made of. */
export interface SampleOptions {
  readonly rows: number;
  /** The same seed on the same lanes gives the same sample. */
  readonly seed: number;
  readonly lanes: readonly LaneCodes[];
}

/** A made-up batch as CSV, in pieces. */
export function* sampleRows({ rows, seed, lanes }: SampleOptions): Generator<string> {
  yield `${COLUMNS.join(",")}\n`;
  const random = randomNumbers(seed);
  const below = (count: number) => Math.floor(random() * count);
  const days = Array.from({ length: DAYS }, (_, day) => new Date(FIRST_DAY + day * DAY_MS).toISOString().slice(0, 10));
  for (let made = 0; made < rows; made += PIECE_ROWS) {
    const lines = Array.from({ length: Math.min(PIECE_ROWS, rows - made) }, () => {
      const { orig, dest } = lanes[below(lanes.length)] as LaneCodes;
      return `${orig},${dest},${days[below(DAYS)]},${LEAST_PRICE + below(PRICES)}\n`;
    });
    yield lines.join("");
  }
}

/** Numbers in [0, 1) that follow from a seed: mulberry32 by Tommy Ettinger (public domain). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

import type { Chunk } from "./chunk";
import type { LaneCodes } from "./lane-ids";
import { PairIndex } from "./pair-index";
import { MOST_ROW_BYTES, type PayloadWindow } from "./payload-window";
import type { PortCodes } from "./port-codes";
import { type RowError, RowErrors, shownBytes } from "./row-error";

/** One valid price: ports by number, the day in days since 2000-01-01. */
export interface PriceRow {
  readonly orig: number;
  readonly dest: number;
  readonly day: number;
  readonly price: number;
}

/** Takes what a reader finds in a payload: valid rows into the chunk, and whatever is wrong. */
export class RowSink {
  /** The lanes of this batch, in the order of their first appearance; a row knows its lane by this number. */
  readonly lanes = new PairIndex();
  readonly errors = new RowErrors();
  /** Data rows so far, valid or not. */
  rows = 0;
  /** Set when what follows cannot be told apart any more, so that reading on would only make up errors. */
  isLost = false;

  constructor(
    readonly ports: PortCodes,
    readonly chunk: Chunk,
  ) {}

  /** Once a row is wrong the rest is only looked at for further errors. */
  put({ orig, dest, day, price }: PriceRow): void {
    this.rows += 1;
    if (this.errors.total === 0) this.chunk.add(this.lanes.add(orig, dest), day, price);
  }

  /** Counts a row that is wrong. */
  refuse(errors: readonly Omit<RowError, "row">[]): void {
    this.rows += 1;
    for (const error of errors) this.errors.add({ row: this.rows, ...error });
  }

  /** Notes what makes the rest of the payload unreadable. */
  lose(error: RowError): void {
    this.errors.add(error);
    this.isLost = true;
  }

  /** The lanes by their codes, in the order of their numbers. */
  laneCodes(): LaneCodes[] {
    const { lanes, ports } = this;
    return Array.from({ length: lanes.size }, (_, lane) => ({
      orig: ports.codeOf(lanes.first(lane)),
      dest: ports.codeOf(lanes.second(lane)),
    }));
  }

  /** Gives up at a row that is too long, whether it is whole or not. */
  loseLongRow(window: PayloadWindow): void {
    const value = shownBytes(window.rest().subarray(0, 40));
    const reason = `a row must be at most ${MOST_ROW_BYTES} bytes`;
    this.lose({ row: this.rows + 1, field: null, value, reason });
  }
}

/** Bytes taken in at once: half a millisecond of reading, between which other requests have their turn. */
export const WINDOW_BYTES = 65_536;
/** No valid row comes near this; without a limit a payload without line ends would be kept in memory whole. */
export const MOST_ROW_BYTES = 4_096;

/** The part of a payload that is being read: what a reader left of the last bytes, and the next ones. */
export class PayloadWindow {
  readonly bytes = Buffer.allocUnsafeSlow(MOST_ROW_BYTES + WINDOW_BYTES + 1);
  /** Where the reader is; everything before has been read. */
  start = 0;
  end = 0;

  get length(): number {
    return this.end - this.start;
  }

  /** Appends at most WINDOW_BYTES; what is unread may be at most MOST_ROW_BYTES. */
  put(piece: Uint8Array): void {
    this.bytes.copyWithin(0, this.start, this.end);
    this.end -= this.start;
    this.start = 0;
    this.bytes.set(piece, this.end);
    this.end += piece.length;
  }

  /** What is unread. */
  rest(): Buffer {
    return this.bytes.subarray(this.start, this.end);
  }
}

/** Takes rows out of a window, which it leaves at the first one that is not complete. */
export interface RowReader {
  read(window: PayloadWindow): void;
  /** The payload has ended; what is in the window is all that is left. */
  end(window: PayloadWindow): void;
}

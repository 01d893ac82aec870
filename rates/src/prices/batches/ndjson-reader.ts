import { markLength } from "./byte-order-mark";
import { endOfJson, isSpace } from "./json-extent";
import { putJson } from "./json-object";
import { PlainJsonRows } from "./json-plain";
import { MOST_ROW_BYTES, type PayloadWindow, type RowReader } from "./payload-window";
import type { RowSink } from "./row-sink";

const LF = 0x0a;
const OPENING = 0x7b;

/** Reads `application/x-ndjson`: one object a line, empty lines are skipped. */
export class NdjsonReader implements RowReader {
  readonly #plain: PlainJsonRows;
  #isFirstLine = true;

  constructor(private readonly sink: RowSink) {
    this.#plain = new PlainJsonRows(sink);
  }

  read(window: PayloadWindow): void {
    const last = window.bytes.lastIndexOf(LF, window.end - 1);
    while (window.start <= last && !this.sink.isLost) this.#readLine(window);
    if (window.length > MOST_ROW_BYTES) this.sink.loseLongRow(window);
  }

  end(window: PayloadWindow): void {
    if (window.length === 0) return;
    window.put(Buffer.from([LF]));
    this.read(window);
  }

  #readLine(window: PayloadWindow): void {
    const { bytes } = window;
    const next = bytes.indexOf(LF, window.start) + 1;
    if (next - window.start > MOST_ROW_BYTES) {
      this.sink.loseLongRow(window);
      return;
    }
    if (this.#isFirstLine) window.start += markLength(window.rest());
    this.#isFirstLine = false;
    this.#takeLine(bytes, window.start, endOfText(bytes, window.start, next));
    window.start = next;
  }

  #takeLine(bytes: Buffer, start: number, end: number): void {
    if (start === end) return;
    // Whether more follows the object is looked at first, because a row that is taken stays taken.
    const isOne = bytes[start] === OPENING && endOfJson(bytes, start, end) === end;
    if (!isOne || this.#plain.take(bytes, start, end) < 0) putJson(bytes.subarray(start, end), this.sink);
  }
}

/** Where a line ends without the spaces at its end, of which the line end is one. */
function endOfText(bytes: Buffer, start: number, next: number): number {
  let end = next;
  while (end > start && isSpace(bytes[end - 1])) end -= 1;
  return end;
}

import { markLength } from "./byte-order-mark";
import { endOfJson, isSpace } from "./json-extent";
import { putJson } from "./json-object";
import { PlainJsonRows } from "./json-plain";
import { MOST_ROW_BYTES, type PayloadWindow, type RowReader } from "./payload-window";
import { shownBytes } from "./row-error";
import type { RowSink } from "./row-sink";

const OPENING = 0x5b;
const CLOSING = 0x5d;
const COMMA = 0x2c;
const MARK_BYTES = 3;

/** What may come next. */
type Place = "start" | "first" | "element" | "comma" | "end";

const EXPECTED: Readonly<Record<Place, string>> = {
  start: "an array, which begins with [",
  first: "an object or ]",
  element: "an object",
  comma: ", or ]",
  end: "nothing after the array",
};

/** Reads `application/json`: one array of objects. */
export class JsonArrayReader implements RowReader {
  readonly #plain: PlainJsonRows;
  #place: Place = "start";
  #isBegun = false;

  constructor(private readonly sink: RowSink) {
    this.#plain = new PlainJsonRows(sink);
  }

  read(window: PayloadWindow): void {
    if (!this.#isBegun && window.length < MARK_BYTES) return;
    this.#skipMark(window);
    while (!this.sink.isLost && this.#readNext(window));
    if (window.length > MOST_ROW_BYTES) this.sink.loseLongRow(window);
  }

  end(window: PayloadWindow): void {
    this.#skipMark(window);
    // A last space ends a number or a word that would otherwise wait for more.
    window.put(Buffer.from(" "));
    this.read(window);
    if (this.sink.isLost || this.#place === "end") return;
    const value = window.length > 1 ? shownBytes(window.rest()) : null;
    this.sink.lose({
      row: null,
      field: null,
      value,
      reason: `the payload ends where there must be ${EXPECTED[this.#place]}`,
    });
  }

  #skipMark(window: PayloadWindow): void {
    if (!this.#isBegun) window.start += markLength(window.rest());
    this.#isBegun = true;
  }

  /** @returns whether there was something whole to read */
  #readNext(window: PayloadWindow): boolean {
    const { bytes } = window;
    while (window.start < window.end && isSpace(bytes[window.start])) window.start += 1;
    if (window.start === window.end) return false;
    const byte = bytes[window.start] as number;
    const next = this.#nextAfter(byte);
    if (next === undefined) return this.#readElement(window);
    this.#place = next;
    window.start += 1;
    return true;
  }

  /** Where a single byte leads to; undefined where it belongs to an element or is wrong. */
  #nextAfter(byte: number): Place | undefined {
    if (this.#place === "start" && byte === OPENING) return "first";
    if (this.#place === "comma" && byte === COMMA) return "element";
    if ((this.#place === "comma" || this.#place === "first") && byte === CLOSING) return "end";
    return undefined;
  }

  #readElement(window: PayloadWindow): boolean {
    const { bytes, start } = window;
    if (this.#place !== "first" && this.#place !== "element") return this.#lose(window);
    let end = this.#plain.take(bytes, start, window.end);
    if (end < 0) {
      end = endOfJson(bytes, start, window.end);
      if (end < 0) return false;
      if (end === start) return this.#lose(window);
      if (end - start > MOST_ROW_BYTES) this.sink.loseLongRow(window);
      else putJson(bytes.subarray(start, end), this.sink);
    }
    window.start = end;
    this.#place = "comma";
    return true;
  }

  #lose(window: PayloadWindow): boolean {
    const value = shownBytes(window.rest().subarray(0, 40));
    const reason = `is not valid JSON: there must be ${EXPECTED[this.#place]}`;
    this.sink.lose({ row: this.#place === "start" ? null : this.sink.rows + 1, field: null, value, reason });
    return false;
  }
}

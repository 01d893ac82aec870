import { markLength } from "./byte-order-mark";
import { splitCsv } from "./csv-fields";
import { COLUMNS, type Column, readHeader } from "./csv-header";
import { INVALID, readDay, readPrice } from "./field-bytes";
import { MOST_ROW_BYTES, type PayloadWindow, type RowReader } from "./payload-window";
import { shownBytes } from "./row-error";
import type { RowSink } from "./row-sink";
import { putValues } from "./row-values";

const LF = 0x0a;
const CR = 0x0d;
const COMMA = 0x2c;

/** Reads `text/csv` with a header row: lines end in LF or CR LF, empty ones are skipped. */
export class CsvReader implements RowReader {
  #columns: readonly Column[] | undefined;
  /** Of each column where it stands in a line. */
  #origAt = 0;
  #destAt = 0;
  #dayAt = 0;
  #priceAt = 0;
  /** Where the fields of the line that is being read begin, and one past the last. */
  readonly #starts = new Int32Array(COLUMNS.length + 1);
  #isFirstLine = true;

  constructor(private readonly sink: RowSink) {}

  read(window: PayloadWindow): void {
    const { bytes } = window;
    const last = bytes.lastIndexOf(LF, window.end - 1);
    while (window.start <= last && !this.sink.isLost) {
      if (this.#columns !== undefined) this.#readPlain(window, last);
      if (window.start <= last) this.#readLine(window);
    }
    if (!this.sink.isLost && window.length > MOST_ROW_BYTES) this.sink.loseLongRow(window);
  }

  end(window: PayloadWindow): void {
    if (window.length > 0) {
      window.put(Buffer.from([LF]));
      this.read(window);
    }
    if (this.#isFirstLine && !this.sink.isLost) {
      this.sink.lose({
        row: null,
        field: null,
        value: null,
        reason: `the header row is missing: ${COLUMNS.join(",")}`,
      });
    }
  }

  /**
   * Reads lines as nearly all are: four unquoted valid fields. Stops at any other.
   * @param last where the last line end of the window is
   */
  #readPlain(window: PayloadWindow, last: number): void {
    const { bytes } = window;
    const starts = this.#starts;
    let start = window.start;
    while (start <= last) {
      starts[0] = start;
      let at = start;
      let fields = 1;
      for (let byte = bytes[at] as number; byte !== LF; byte = bytes[++at] as number) {
        if (byte !== COMMA) continue;
        if (fields === 4) break;
        starts[fields++] = at + 1;
      }
      starts[4] = bytes[at - 1] === CR ? at : at + 1;
      if (fields !== 4 || bytes[at] !== LF || !this.#putPlain(bytes)) break;
      start = at + 1;
    }
    window.start = start;
  }

  #putPlain(bytes: Buffer): boolean {
    const { sink } = this;
    const { ports } = sink;
    const starts = this.#starts;
    const orig = ports.find(bytes, starts[this.#origAt] as number, (starts[this.#origAt + 1] as number) - 1);
    const dest = ports.find(bytes, starts[this.#destAt] as number, (starts[this.#destAt + 1] as number) - 1);
    const day = readDay(bytes, starts[this.#dayAt] as number, (starts[this.#dayAt + 1] as number) - 1);
    const price = readPrice(bytes, starts[this.#priceAt] as number, (starts[this.#priceAt + 1] as number) - 1);
    if (orig < 0 || dest < 0 || day === INVALID || price === INVALID) return false;
    sink.put({ orig, dest, day, price });
    return true;
  }

  #readLine(window: PayloadWindow): void {
    const { bytes, start } = window;
    const end = bytes.indexOf(LF, start);
    const line = bytes.subarray(start, bytes[end - 1] === CR && end > start ? end - 1 : end);
    window.start = end + 1;
    if (line.length > MOST_ROW_BYTES) this.sink.loseLongRow(window);
    else if (this.#isFirstLine) this.#takeHeader(line);
    else if (line.length > 0) this.#takeRow(line);
  }

  #takeHeader(line: Buffer): void {
    this.#isFirstLine = false;
    const columns = readHeader(line.subarray(markLength(line)), this.sink.errors);
    this.#columns = columns;
    // Without columns the rows mean nothing.
    if (columns === undefined) this.sink.isLost = true;
    else [this.#origAt, this.#destAt, this.#dayAt, this.#priceAt] = placesOf(columns);
  }

  #takeRow(line: Buffer): void {
    const fields = splitCsv(line);
    if (fields === undefined) this.#refuseRow(line, "has a quote that does not end on its line, or text beside quotes");
    else if (fields.length !== COLUMNS.length)
      this.#refuseRow(line, `must have ${COLUMNS.length} columns, this one has ${fields.length}`);
    else {
      const field = (place: number) => fields[place] as Buffer;
      const codes = { orig_code: field(this.#origAt), dest_code: field(this.#destAt) };
      putValues({ ...codes, day: field(this.#dayAt), price: field(this.#priceAt) }, this.sink);
    }
  }

  #refuseRow(line: Buffer, reason: string): void {
    this.sink.refuse([{ field: null, value: shownBytes(line), reason }]);
  }
}

function placesOf(columns: readonly Column[]): [number, number, number, number] {
  const placeOf = (column: Column) => columns.indexOf(column);
  return [placeOf("orig_code"), placeOf("dest_code"), placeOf("day"), placeOf("price")];
}

import type { DumpCopy } from "../dump/parts";
import { fieldValue } from "./value";

const TAB = 9;
const NEWLINE = 10;
const ZERO = 48;

/** Of FNV-1a, 32 bits. */
const HASH_FACTOR = 0x01000193;

/**
 * Walks over the rows of a COPY block, one after the other, where they lie: no row becomes a string. It relies on the
 * reader's check, after which every row has its fields and no tab or line end is escaped.
 */
export class RowCursor {
  readonly #columns: readonly string[];
  /** Where each field of the row begins, and at last where the next row does. */
  readonly #starts: number[];
  #rows: Buffer = Buffer.alloc(0);
  #line: number;

  constructor({ columns, firstRow }: Pick<DumpCopy, "columns" | "firstRow">) {
    this.#columns = columns;
    this.#starts = Array<number>(columns.length + 1).fill(0);
    this.#line = firstRow - 1;
  }

  /** Goes before the first of the next whole lines. */
  enter(rows: Buffer): void {
    this.#rows = rows;
    this.#starts.fill(0);
  }

  /** Goes to the next row. @returns whether there is one */
  next(): boolean {
    const rows = this.#rows;
    const starts = this.#starts;
    const last = starts.length - 1;
    let at = this.end;
    if (at === rows.length) return false;
    for (let field = 0; field < last; field += 1) {
      starts[field] = at;
      const end = field === last - 1 ? NEWLINE : TAB;
      while (rows[at] !== end) at += 1;
      at += 1;
    }
    starts[last] = at;
    this.#line += 1;
    return true;
  }

  /** Where the row begins in its lines. */
  get start(): number {
    return this.#starts[0] ?? 0;
  }

  /** Where the next row begins. */
  get end(): number {
    return this.#starts[this.#columns.length] ?? 0;
  }

  /** Of the row, in the dump. */
  get line(): number {
    return this.#line;
  }

  /** The place of a column among the fields, to be asked once. */
  fieldOf(column: string): number {
    return this.#columns.indexOf(column);
  }

  /** @returns undefined for NULL; see `fieldValue` for the text's form */
  value(field: number): string | undefined {
    return fieldValue(this.#rows, this.#startOf(field), this.#startOf(field + 1) - 1);
  }

  /** Goes on with a hash over the bytes of a field and its end. */
  hash(field: number, begun: number): number {
    const rows = this.#rows;
    const end = this.#startOf(field + 1) - 1;
    let hash = begun;
    for (let at = this.#startOf(field); at < end; at += 1) hash = Math.imul(hash ^ (rows[at] ?? 0), HASH_FACTOR);
    return Math.imul(hash, HASH_FACTOR);
  }

  /** Whether a field is these bytes. */
  holds(field: number, bytes: Buffer): boolean {
    const rows = this.#rows;
    const start = this.#startOf(field);
    if (this.#startOf(field + 1) - 1 - start !== bytes.length) return false;
    for (let at = 0; at < bytes.length; at += 1) if (rows[start + at] !== bytes[at]) return false;
    return true;
  }

  /** A copy of a field as it is in the file. */
  bytes(field: number): Buffer {
    return Buffer.from(this.#rows.subarray(this.#startOf(field), this.#startOf(field + 1) - 1));
  }

  /** A day as the number YYYYMMDD. */
  day(field: number): number {
    const at = this.#startOf(field);
    return this.#digits(at, 4) * 10_000 + this.#digits(at + 5, 2) * 100 + this.#digits(at + 8, 2);
  }

  #startOf(field: number): number {
    return this.#starts[field] ?? 0;
  }

  #digits(from: number, count: number): number {
    let value = 0;
    for (let at = from; at < from + count; at += 1) value = value * 10 + (this.#rows[at] ?? ZERO) - ZERO;
    return value;
  }
}

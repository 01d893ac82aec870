import { COLUMNS } from "./csv-header";
import { INVALID, readDay, readPrice } from "./field-bytes";
import { isSpace } from "./json-extent";
import type { RowSink } from "./row-sink";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const KEYS = COLUMNS.map((column) => Buffer.from(`"${column}"`));
const PRICE = COLUMNS.indexOf("price");

/**
 * Reads objects as nearly all are: the four keys in any order, texts without escapes, the price in plain digits.
 * Anything else is left to whoever looks closer.
 */
export class PlainJsonRows {
  /** Where the values are, by column. */
  readonly #starts = new Int32Array(COLUMNS.length);
  readonly #ends = new Int32Array(COLUMNS.length);
  #at = 0;

  constructor(private readonly sink: RowSink) {}

  /** @returns one past the object, or -1 when it is unusual, wrong or not whole; nothing was taken then */
  take(bytes: Buffer, start: number, end: number): number {
    this.#at = start;
    let given = 0;
    if (!this.#skip(bytes, end, 0x7b)) return -1;
    for (let field = 0; field < COLUMNS.length; field += 1) {
      if (field > 0 && !this.#skip(bytes, end, 0x2c)) return -1;
      const key = this.#readField(bytes, end);
      if (key < 0) return -1;
      given |= 1 << key;
    }
    if (given !== 0b1111 || !this.#skip(bytes, end, 0x7d) || !this.#put(bytes)) return -1;
    return this.#at;
  }

  /** Passes spaces and one given byte. */
  #skip(bytes: Buffer, end: number, byte: number): boolean {
    this.#skipSpaces(bytes, end);
    if (this.#at >= end || bytes[this.#at] !== byte) return false;
    this.#at += 1;
    return true;
  }

  #skipSpaces(bytes: Buffer, end: number): void {
    while (this.#at < end && isSpace(bytes[this.#at])) this.#at += 1;
  }

  #readField(bytes: Buffer, end: number): number {
    this.#skipSpaces(bytes, end);
    const key = this.#readKey(bytes, end);
    if (key < 0 || !this.#skip(bytes, end, 0x3a)) return -1;
    this.#skipSpaces(bytes, end);
    const isRead = key === PRICE ? this.#readDigits(bytes, end) : this.#readText(bytes, { end, key });
    return isRead ? key : -1;
  }

  #readKey(bytes: Buffer, end: number): number {
    for (let key = 0; key < KEYS.length; key += 1) {
      const name = KEYS[key] as Buffer;
      if (this.#at + name.length > end || !startsWith(bytes, this.#at, name)) continue;
      this.#at += name.length;
      return key;
    }
    return -1;
  }

  #readText(bytes: Buffer, { end, key }: { end: number; key: number }): boolean {
    if (bytes[this.#at] !== QUOTE) return false;
    let at = this.#at + 1;
    this.#starts[key] = at;
    while (at < end && bytes[at] !== QUOTE) if (bytes[at++] === BACKSLASH) return false;
    this.#ends[key] = at;
    this.#at = at + 1;
    return at < end;
  }

  #readDigits(bytes: Buffer, end: number): boolean {
    let at = this.#at;
    this.#starts[PRICE] = at;
    while (at < end && (bytes[at] as number) >= 0x30 && (bytes[at] as number) <= 0x39) at += 1;
    this.#ends[PRICE] = at;
    // JSON knows no leading zeros.
    const isPlain = at > this.#at && (at === this.#at + 1 || bytes[this.#at] !== 0x30);
    this.#at = at;
    return isPlain;
  }

  #put(bytes: Buffer): boolean {
    const { sink } = this;
    const [starts, ends] = [this.#starts, this.#ends];
    const orig = sink.ports.find(bytes, starts[0] as number, ends[0] as number);
    const dest = sink.ports.find(bytes, starts[1] as number, ends[1] as number);
    const day = readDay(bytes, starts[2] as number, ends[2] as number);
    const price = readPrice(bytes, starts[3] as number, ends[3] as number);
    if (orig < 0 || dest < 0 || day === INVALID || price === INVALID) return false;
    sink.put({ orig, dest, day, price });
    return true;
  }
}

function startsWith(bytes: Buffer, at: number, name: Buffer): boolean {
  for (let index = 0; index < name.length; index += 1) if (bytes[at + index] !== name[index]) return false;
  return true;
}

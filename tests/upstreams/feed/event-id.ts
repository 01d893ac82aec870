/** Two hexadecimal digits of each byte, as two characters. */
const HEX = Array.from({ length: 256 }, (_, value) => Buffer.from(value.toString(16).padStart(2, "0")).readUInt16BE());
const HYPHEN = 0x2d;
const LENGTH = 36;
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * The finisher of MurmurHash3 (Austin Appleby, public domain): one to one on 32 bits, each bit of the result depends on all of
 * the value.
 */
export function mixed(value: number): number {
  let bits = value ^ (value >>> 16);
  bits = Math.imul(bits, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** The value that `mixed` makes this of: each step backwards, with the inverses of both factors modulo 2^32. */
function unmixed(result: number): number {
  let bits = Math.imul(result ^ (result >>> 16), 0x7ed1b41d);
  bits ^= (bits >>> 13) ^ (bits >>> 26);
  bits = Math.imul(bits, 0xa5cb9243);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/**
 * The ids of an upstream's events. They look like UUIDs; the first 32 bits are one to one with the number, so all of them
 * differ. Events that are there from the start have version 4, those that arrive later version 7.
 */
export class EventIds {
  readonly #salt: number;
  readonly #total: number;
  readonly #scratch = Buffer.alloc(LENGTH);

  constructor({ seed, total }: { readonly seed: number; readonly total: number }) {
    this.#salt = mixed(seed ^ 0x5eed);
    this.#total = total;
  }

  /** @param number from 0, the oldest event, to 2^32 (excluded) */
  idOf(number: number): string {
    this.write(number, this.#scratch, 0);
    return this.#scratch.toString("latin1");
  }

  /** Writes an id's characters. @returns where they end */
  write(number: number, bytes: Buffer, at: number): number {
    const first = mixed(number ^ this.#salt);
    const second = mixed(first + 0x9e3779b9);
    const third = mixed(second + this.#salt);
    const version = number < this.#total ? 0x4000 : 0x7000;
    hex(first >>> 16, bytes, at);
    hex(first, bytes, at + 4);
    bytes[at + 8] = HYPHEN;
    hex(second >>> 16, bytes, at + 9);
    bytes[at + 13] = HYPHEN;
    hex((second & 0xfff) | version, bytes, at + 14);
    bytes[at + 18] = HYPHEN;
    hex((third & 0x3fff) | 0x8000, bytes, at + 19);
    bytes[at + 23] = HYPHEN;
    hex(third >>> 16, bytes, at + 24);
    hex(third ^ second, bytes, at + 28);
    hex((first >>> 16) ^ third, bytes, at + 32);
    return at + LENGTH;
  }

  /** The number of the event with this id; undefined for an id of no event. */
  numberOf(id: string): number | undefined {
    if (!ID.test(id)) return undefined;
    const number = (unmixed(Number.parseInt(id.slice(0, 8), 16)) ^ this.#salt) >>> 0;
    return this.idOf(number) === id ? number : undefined;
  }
}

/** Writes the lower 16 bits of a value as four characters. */
function hex(value: number, bytes: Buffer, at: number): void {
  const high = HEX[(value >>> 8) & 0xff] ?? 0;
  const low = HEX[value & 0xff] ?? 0;
  bytes[at] = high >>> 8;
  bytes[at + 1] = high;
  bytes[at + 2] = low >>> 8;
  bytes[at + 3] = low;
}

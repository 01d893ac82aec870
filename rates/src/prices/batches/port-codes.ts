import { PairIndex } from "./pair-index";

/** Codes up to this long are found without making a string: 4 bytes in one integer, 3 and the length in another. */
const MOST_PACKED_BYTES = 7;

/** The codes of all ports, numbered, so that a code can be found in the bytes of a payload. */
export class PortCodes {
  readonly #packed = new PairIndex();
  readonly #numberOfPacked: number[] = [];
  readonly #numbers = new Map<string, number>();

  constructor(readonly codes: readonly string[]) {
    for (const [number, code] of codes.entries()) this.#learn(code, number);
  }

  /** @returns the port's number, or -1 when there is no such port */
  find(bytes: Buffer, start: number, end: number): number {
    if (end - start > MOST_PACKED_BYTES) return this.findText(bytes.toString("utf8", start, end));
    const index = this.#packed.find(headOf(bytes, start, end), tailOf(bytes, start, end));
    return index < 0 ? -1 : (this.#numberOfPacked[index] as number);
  }

  /** The same for a code that is text already. */
  findText(code: string): number {
    return this.#numbers.get(code) ?? -1;
  }

  /** @throws {TypeError} for a number that no port has */
  codeOf(number: number): string {
    const code = this.codes[number];
    if (code === undefined) throw new TypeError(`port number ${number} is not one of ${this.codes.length}`);
    return code;
  }

  #learn(code: string, number: number): void {
    this.#numbers.set(code, number);
    const bytes = Buffer.from(code);
    if (bytes.length > MOST_PACKED_BYTES) return;
    this.#numberOfPacked[this.#packed.add(headOf(bytes, 0, bytes.length), tailOf(bytes, 0, bytes.length))] = number;
  }
}

function headOf(bytes: Buffer, start: number, end: number): number {
  let head = 0;
  for (let at = Math.min(end, start + 4) - 1; at >= start; at -= 1) head = (head << 8) | (bytes[at] as number);
  return head;
}

function tailOf(bytes: Buffer, start: number, end: number): number {
  let tail = end - start;
  for (let at = end - 1; at >= start + 4; at -= 1) tail = (tail << 8) | (bytes[at] as number);
  return tail;
}

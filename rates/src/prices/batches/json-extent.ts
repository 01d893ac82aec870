const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING = new Set([0x7b, 0x5b]);
const CLOSING = new Set([0x7d, 0x5d]);
const SPACES = new Set([0x20, 0x09, 0x0a, 0x0d]);

export function isSpace(byte: number | undefined): boolean {
  return byte !== undefined && SPACES.has(byte);
}

/**
 * Finds where a JSON value in an array ends; whether it is valid is another question.
 * @returns one past its last byte, or -1 when that is not within the bytes yet
 */
export function endOfJson(bytes: Buffer, start: number, end: number): number {
  const byte = bytes[start] as number;
  if (OPENING.has(byte)) return endOfNested(bytes, start, end);
  if (byte === QUOTE) return endOfString(bytes, start, end) + 1 || -1;
  for (let at = start; at < end; at += 1) {
    const next = bytes[at] as number;
    if (next === COMMA || CLOSING.has(next) || isSpace(next)) return at;
  }
  return -1;
}

function endOfNested(bytes: Buffer, start: number, end: number): number {
  let depth = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) at = endOfString(bytes, at, end);
    if (at < 0) return -1;
    if (OPENING.has(byte)) depth += 1;
    if (CLOSING.has(byte)) depth -= 1;
    if (depth === 0) return at + 1;
  }
  return -1;
}

/** @returns where the closing quote is, or -1 */
function endOfString(bytes: Buffer, start: number, end: number): number {
  for (let at = start + 1; at < end; at += 1) {
    if (bytes[at] === BACKSLASH) at += 1;
    else if (bytes[at] === QUOTE) return at;
  }
  return -1;
}

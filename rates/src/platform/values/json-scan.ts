export const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACES: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);
export const COMMA = 0x2c;

/** One value's own text out of a JSON document, and how deep it is nested. It is not checked to be JSON. */
export interface Element {
  readonly text: string;
  readonly depth: number;
}

/**
 * Splits a JSON document into its elements where it is an array; anything else is one element. By characters, so that no
 * depth overflows the stack, and each element keeps the text it was sent as.
 */
export function* elementsOf(document: string): Generator<Element> {
  const text = document.trim();
  if (text[0] !== "[" || text.at(-1) !== "]") return yield { text, depth: depthOf(text) };
  const last = text.length - 1;
  if (text.slice(1, last).trim() === "") return;
  let [start, depth, deepest] = [1, 0, 0];
  for (let at = 1; at < last; ) {
    const code = text.charCodeAt(at);
    if (code === COMMA && depth === 0) {
      yield { text: text.slice(start, at).trim(), depth: deepest };
      [start, deepest] = [at + 1, 0];
    }
    depth += stepOf(code);
    if (depth > deepest) deepest = depth;
    at = code === QUOTE ? stringEnd(text, at) : at + 1;
  }
  yield { text: text.slice(start, last).trim(), depth: deepest };
}

function depthOf(text: string): number {
  let [depth, deepest] = [0, 0];
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    depth += stepOf(code);
    if (depth > deepest) deepest = depth;
    at = code === QUOTE ? stringEnd(text, at) : at + 1;
  }
  return deepest;
}

/** Brackets and braces differ in one bit: `[` and `{` are one level more, `]` and `}` one less. */
export function stepOf(code: number): number {
  const bracket = code | 0x20;
  if (bracket === 0x7b) return 1;
  return bracket === 0x7d ? -1 : 0;
}

/** The index behind the string that begins at `start`. */
export function stringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let first = end;
    while (text.charCodeAt(first - 1) === BACKSLASH) first -= 1;
    if ((end - first) % 2 === 0) return end + 1;
  }
  return text.length;
}

/** JSON text without the spaces between its tokens. */
export function compact(text: string): string {
  const pieces: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (SPACES.has(code)) {
      if (at > start) pieces.push(text.slice(start, at));
      start = at + 1;
    }
    at = code === QUOTE ? stringEnd(text, at) : at + 1;
  }
  return start === 0 ? text : [...pieces, text.slice(start)].join("");
}

/** A double holds 15 digits of any number. */
const INEXACT = /\d[\d.]{15}|\d[eE]/;
const NUMBER = /[-\d][\d.eE+-]*/y;

/** JSON text in which every number that a double may not hold exactly, such as a time in ns, is a string. */
export function withExactNumbers(text: string): string {
  if (!INEXACT.test(text)) return text;
  const pieces: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; ) {
    NUMBER.lastIndex = at;
    const [number] = (text.charCodeAt(at) !== QUOTE && NUMBER.exec(text)) || [];
    if (number === undefined) {
      at = text.charCodeAt(at) === QUOTE ? stringEnd(text, at) : at + 1;
      continue;
    }
    if (INEXACT.test(number)) {
      pieces.push(text.slice(start, at), `"${number}"`);
      start = at + number.length;
    }
    at += number.length;
  }
  return pieces.join("") + text.slice(start);
}

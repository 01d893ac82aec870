/** Far deeper than events are, and far less than any JSON parser bears, PostgreSQL's among them. */
const MOST_DEPTH = 100;

const NUL = /\\u0000/;
const PAIR = /\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}/g;
const SURROGATE = /\\u[dD][89a-fA-F]/;

/**
 * The payload as it is stored: the JSON text that was sent. Where PostgreSQL could not work with it (NUL, half a
 * surrogate pair, very deep nesting), that text stands as one string under `$escaped`: parsed, it is what was sent.
 */
export function storedPayload({ text, depth }: { readonly text: string; readonly depth: number }): string {
  const isPlain = depth <= MOST_DEPTH && !(text.includes("\\u") && hasUnstorable(text));
  return isPlain ? text : `{"$escaped":${JSON.stringify(text)}}`;
}

/** May also find one behind an escaped backslash; then what is stored is escaped without need. */
function hasUnstorable(text: string): boolean {
  return NUL.test(text) || SURROGATE.test(text.replace(PAIR, ""));
}

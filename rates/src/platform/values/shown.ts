/** Enough of a value to recognise it. */
const MOST_CHARACTERS = 100;

/**
 * A value in words for a reason that is stored and answered: shortened, and escaped as JSON does it, so that neither NUL
 * nor half a character is in it. Objects are not looked into: they may be as deep as a client likes.
 */
export function shown(value: unknown): string {
  if (typeof value === "string") {
    const isLong = value.length > MOST_CHARACTERS;
    return `is ${JSON.stringify(isLong ? `${value.slice(0, MOST_CHARACTERS)}...` : value)}`;
  }
  if (Array.isArray(value)) return `is an array of ${value.length}`;
  return typeof value === "object" && value !== null ? "is an object" : `is ${String(value)}`;
}

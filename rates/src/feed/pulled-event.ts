import { createHash } from "node:crypto";
import { type Element, withExactNumbers } from "../platform/values/json-scan";
import { storedPayload } from "../platform/values/payload";
import { microsecondsOf, timeOf } from "../platform/values/time";
import { field } from "./json-fields";

/** One event of the feed, as it is stored. */
export interface PulledEvent {
  readonly id: string;
  /** ISO in UTC, in whole microseconds; undefined where no time could be read. */
  readonly occurredAt: string | undefined;
  /** The text that was sent, as JSON that PostgreSQL takes. */
  readonly payload: string;
}

const ID_NAMES = ["id", "eventId", "event_id"];
const TIME_NAMES = [
  "timestamp",
  "ts",
  "occurredAt",
  "occurred_at",
  "createdAt",
  "created_at",
  "time",
  "eventTime",
  "event_time",
  "date",
  "datetime",
];

/** Below the 2,704 bytes that an index entry may have, also where every character takes three. */
const MOST_ID_CHARACTERS = 800;
const UNSTORABLE = /[\0\p{Surrogate}]/u;
/** Control characters, and those without width: zero-width space and joiners, byte order mark, direction marks. */
const INVISIBLE = /[\p{Cc}\p{Cf}]/gu;
/** A number that a double may not hold exactly; text in quotes matches at times, and then nothing comes of it. */
const LONG_NUMBER = /[:[,]\s*-?[\d.]{16}/;
/** Not allowed in JSON as they are, but sent by some. */
const RAW_CONTROL = /(?![\t\n\r])\p{Cc}/gu;

/**
 * Reads one entry of a page.
 * @returns undefined where it has no id: then it is no event
 * @throws {SyntaxError} where it is not JSON
 */
export function pulledEventOf(element: Element): PulledEvent | undefined {
  const { text, value } = read(element.text);
  const id = idOf(value);
  if (id === undefined) return undefined;
  return { id, occurredAt: timeIn(value), payload: storedPayload({ text, depth: element.depth }) };
}

function read(text: string): { readonly text: string; readonly value: unknown } {
  try {
    return { text, value: parsed(text) };
  } catch {
    const escaped = text.replace(RAW_CONTROL, escapedControl);
    return { text: escaped, value: parsed(escaped) };
  }
}

function escapedControl(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function parsed(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return LONG_NUMBER.test(text) ? JSON.parse(withExactNumbers(text)) : value;
}

/** What is written instead of an id that PostgreSQL cannot store begins with a sign and says what was done. */
function idOf(value: unknown): string | undefined {
  const given = firstGiven(value, ID_NAMES, (each) => typeof each === "string" || typeof each === "number");
  const id = String(given ?? "");
  if (id.trim() === "") return undefined;
  if (id.length > MOST_ID_CHARACTERS) return `$sha256:${createHash("sha256").update(id).digest("hex")}`;
  return UNSTORABLE.test(id) ? `$escaped:${JSON.stringify(id)}` : id;
}

/** The first name under which a time can be read. */
function timeIn(value: unknown): string | undefined {
  for (const name of TIME_NAMES) {
    const given = firstGiven(value, [name], () => true);
    const result = given === undefined ? undefined : timeOf(typeof given === "string" ? cleaned(given) : given);
    if (result !== undefined && "iso" in result) return microsecondsOf(result.iso);
  }
  return undefined;
}

function cleaned(text: string): string {
  return text.replace(INVISIBLE, "");
}

function firstGiven(value: unknown, names: readonly string[], accepts: (value: unknown) => boolean): unknown {
  for (const name of names) {
    const given = field(value, name);
    if (given !== undefined && accepts(given)) return given;
  }
  return undefined;
}

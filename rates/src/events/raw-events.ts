import { invalidRequest, Problem } from "../platform/http/problem";
import { type Element, elementsOf, withExactNumbers } from "../platform/values/json-scan";
import { tooManyEvents } from "./limits";

/** One event as it came: its own text, and what that says. */
export interface RawEvent extends Element {
  readonly value: unknown;
}

/** What is repeated of an event that cannot be read. */
const MOST_CHARACTERS = 200;

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads the body of a request: one event or an array of them.
 * @param most how many events a request may have
 * @throws {Problem} 400 when it is not JSON in UTF-8, 413 when there are too many
 */
export function rawEventsOf(body: Uint8Array, most: number): RawEvent[] {
  const events: RawEvent[] = [];
  for (const { text, depth } of elementsOf(decoded(body))) {
    if (events.length === most) throw tooManyEvents(most);
    events.push({ text, depth, value: parsed(text, events.length) });
  }
  return events;
}

function decoded(body: Uint8Array): string {
  try {
    return decoder.decode(body);
  } catch (cause) {
    throw new Problem(400, "The body is not UTF-8: send JSON in UTF-8.", { kind: "invalid-json", cause });
  }
}

function parsed(text: string, index: number): unknown {
  try {
    const value: unknown = JSON.parse(text);
    const exact = withExactNumbers(text);
    return exact === text ? value : JSON.parse(exact);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    const value = text.slice(0, MOST_CHARACTERS);
    throw invalidRequest([{ field: `body[${index}]`, value, reason: "must be JSON: one event or an array of events" }]);
  }
}

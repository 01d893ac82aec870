import { field, numberIn, textIn } from "./json-fields";
import { scanPage } from "./page-scan";
import { type PulledEvent, pulledEventOf } from "./pulled-event";

/** One page of the feed, whichever way it was written. */
export interface Page {
  readonly events: readonly PulledEvent[];
  /** Entries without an id: they are no events, and are counted alone. */
  readonly nameless: number;
  /** Undefined where it does not say. */
  readonly hasMore: boolean | undefined;
  readonly nextCursor: string | undefined;
  /** How many events the upstream says it has. */
  readonly total: number | undefined;
}

/** An answer that says it is fine and cannot be read. */
export class UnreadablePage extends Error {
  override readonly name = "UnreadablePage";
}

/**
 * Reads the body of a page, flat (`{data, hasMore, nextCursor}`) or nested (`{data, pagination, meta}`).
 * @throws {UnreadablePage} where it is cut short, not JSON, or has no list of events
 */
export function pageOf(body: string): Page {
  const scanned = scanPage(body);
  if (scanned === undefined) throw new UnreadablePage(`${body.length} characters without a whole list "data"`);
  const rest = parsed(scanned.rest);
  const events: PulledEvent[] = [];
  for (const element of scanned.elements) {
    const event = readEvent(element);
    if (event !== undefined) events.push(event);
  }
  const pagination = field(rest, "pagination");
  return {
    events,
    nameless: scanned.elements.length - events.length,
    hasMore: truthIn([pagination, rest], ["hasMore", "has_more"]),
    nextCursor: cursorIn([pagination, rest]),
    total: [field(rest, "meta"), pagination, rest]
      .map((each) => numberIn(each, "total"))
      .find((total) => total !== undefined),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UnreadablePage("not JSON around the list of events", { cause });
  }
}

function readEvent(element: Parameters<typeof pulledEventOf>[0]): PulledEvent | undefined {
  try {
    return pulledEventOf(element);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new UnreadablePage("an event is not JSON", { cause });
  }
}

function truthIn(objects: readonly unknown[], names: readonly string[]): boolean | undefined {
  for (const object of objects) {
    for (const name of names) {
      const value = field(object, name);
      if (typeof value === "boolean") return value;
    }
  }
  return undefined;
}

function cursorIn(objects: readonly unknown[]): string | undefined {
  for (const object of objects) {
    for (const name of ["nextCursor", "next_cursor"]) {
      const cursor = textIn(object, name) ?? numberIn(object, name);
      if (cursor !== undefined && cursor !== "") return String(cursor);
    }
  }
  return undefined;
}

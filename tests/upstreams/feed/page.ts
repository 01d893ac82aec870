import { type Answer, refusal } from "./answer";
import { type ByteText, giveBack, lentText } from "./byte-text";
import type { Cursors, Position, Source } from "./cursor";
import { mixed } from "./event-id";
import type { EventList, Span } from "./event-list";
import type { EventTexts } from "./event-text";
import type { Fault, Switches } from "./switches";

/** What pages are made of. */
export interface Library {
  readonly switches: Switches;
  readonly list: EventList;
  readonly texts: EventTexts;
  readonly cursors: Cursors;
  /** Events that are there now. */
  readonly events: number;
}

export interface PageRequest {
  readonly source: Source;
  readonly limit: number;
  /** Where the cursor points; undefined for the first page. */
  readonly position: Position | undefined;
  readonly span: Span;
  readonly fault: Fault | undefined;
  /** 32 bits that decide what is left open. */
  readonly chance: number;
}

interface Stretch {
  readonly place: number;
  readonly bottom: number;
  readonly span: Span;
  readonly limit: number;
}

interface Page {
  readonly limit: number;
  readonly taken: number;
  readonly span: Span;
  readonly isOpen: boolean;
  readonly nextCursor: string | undefined;
  readonly fault: Fault | undefined;
}

/** A page of events, newest first. */
export function pageOf(library: Library, request: PageRequest): Answer {
  const { switches, list, events } = library;
  const { source, limit, fault, position } = request;
  const span = position?.span ?? request.span;
  const { top, bottom } = list.boundsOf(span, events);
  const place = position === undefined ? top : Math.min(top, placeOf(position, library));
  const text = lentText();
  const { taken, following, isDead } = writeData(text, library, { place, bottom, span, limit });
  if (isDead) giveBack(text);
  if (isDead) return refusal(500, "INTERNAL", switches);
  if (fault === "no-data") text.length = 0;
  const isOpen = following !== undefined || (switches.lastPage === "empty" && taken > 0);
  const next = { place: following ?? bottom - 1, span };
  const nextCursor = isOpen && !losesCursor(library, request, next) ? give(library, source, next) : undefined;
  const page = { limit, taken, span, isOpen, nextCursor, fault };
  text.add(isNested(switches, request.chance) ? nestedEnd(library, page) : `${endOf(page, switches)}}`);
  const body = text.whole();
  // The place of the opening bracket, whatever stands behind it.
  body.write("{");
  return { status: 200, body, text, ...(taken > 0 ? { places: `${place}-${next.place + 1}` } : {}) };
}

/** What an upstream says that takes a stale cursor for one behind its last event. */
export function emptyPage({ body }: Switches): Answer {
  const end = { hasMore: false, nextCursor: null };
  return {
    status: 200,
    body: JSON.stringify(body === "nested" ? { data: [], pagination: end } : { data: [], ...end }),
  };
}

/** Writes `,"data":[...]`. @returns how many entries, the place of the one after them, and whether the page cannot be had */
function writeData(text: ByteText, { list, texts, switches }: Library, { place, bottom, span, limit }: Stretch) {
  let [taken, following, isDead]: [number, number | undefined, boolean] = [0, undefined, false];
  text.add(',"data":[');
  for (let at = place; at >= bottom && following === undefined; at -= 1) {
    const entry = list.entryAt(at);
    if (entry.timeOf < span.from || entry.timeOf >= span.to) continue;
    if (taken === limit) {
      following = at;
    } else {
      if (taken > 0) text.comma();
      if (entry.number === switches.deadEvent && entry.kind === "event") isDead = true;
      texts.write(entry, at, text);
      taken += 1;
    }
  }
  text.add("]");
  return { taken, following, isDead };
}

function isNested({ body }: Switches, chance: number): boolean {
  return body === "nested" || (body === "mixed" && chance % 2 === 0);
}

function nestedEnd({ switches, events }: Library, page: Page): string {
  const { cursorTtlMs, metaTotal } = switches;
  const expires = page.nextCursor === undefined ? "" : `,"cursorExpiresIn":${Math.round(cursorTtlMs / 1000)}`;
  const there = Math.max(0, Math.min(page.span.to, events) - page.span.from);
  const totals = { right: there, high: Math.ceil(there * 1.1), low: Math.floor(there * 0.9), absent: undefined };
  const meta = JSON.stringify({ total: totals[metaTotal], returned: page.taken });
  return `,"pagination":{"limit":${page.limit}${endOf(page, switches)}${expires}},"meta":${meta}}`;
}

/** The fields that say whether there is more, each with a comma before it. */
function endOf({ isOpen, nextCursor, fault }: Page, { lastCursor }: Switches): string {
  const hasMore = fault === "no-has-more" ? "" : `,"hasMore":${isOpen}`;
  if (nextCursor !== undefined) return `${hasMore},"nextCursor":"${nextCursor}"`;
  return isOpen || lastCursor === "absent" ? hasMore : `${hasMore},"nextCursor":null`;
}

function give({ cursors, list, switches, events }: Library, source: Source, next: Position): string {
  const { top } = list.boundsOf(next.span, events);
  const place = switches.cursorKind === "event" ? next.place : top - next.place;
  return cursors.give({ ...next, place }, source, switches);
}

function placeOf({ place, span }: Position, { list, switches, events }: Library): number {
  return switches.cursorKind === "event" ? place : list.boundsOf(span, events).top - place;
}

function losesCursor({ switches }: Library, { fault }: PageRequest, next: Position): boolean {
  if (!switches.cursorLossLasts) return fault === "lost-cursor";
  return mixed(next.place ^ switches.seed) / 2 ** 32 < (switches.faults["lost-cursor"] ?? 0);
}

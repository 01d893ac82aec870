import type { Event, EventStatus } from "./event";

/** An event as a row: also one that the database refused is kept. */
export type EventRow = Omit<Event, "status"> & { readonly status: EventStatus };

/**
 * The events as parameters of a statement, one array a column as PostgreSQL writes arrays. pg would make the same texts
 * in three times the time.
 */
export function eventColumns(events: readonly EventRow[]): string[] {
  return [
    plainArray(events.map(({ hash }) => hash)),
    plainArray(events.map(({ id }) => id)),
    textArray(events.map(({ clientId }) => clientId)),
    textArray(events.map(({ metric }) => metric)),
    plainArray(events.map(({ amount }) => amount ?? "NULL")),
    plainArray(events.map(({ occurredAt }) => occurredAt)),
    plainArray(events.map(({ receivedAt }) => receivedAt)),
    plainArray(events.map(({ status }) => status)),
    textArray(events.map(({ reason }) => reason)),
    textArray(events.map(({ payload }) => payload)),
  ];
}

/** Of texts in which nothing has a meaning for PostgreSQL. */
function plainArray(texts: readonly string[]): string {
  return `{${texts.join(",")}}`;
}

function textArray(texts: readonly (string | null)[]): string {
  return `{${texts.map((text) => (text === null ? "NULL" : quoted(text))).join(",")}}`;
}

function quoted(text: string): string {
  return text.includes('"') || text.includes("\\") ? `"${text.replace(/["\\]/g, "\\$&")}"` : `"${text}"`;
}

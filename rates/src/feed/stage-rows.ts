import type { PulledEvent } from "./pulled-event";

/** Rows that are sent in one piece: some hundred KB, so that the first is under way while the next is made. */
const ROWS_AT_ONCE = 1_000;
const SPECIAL = /[\\\t\n\r]/;
const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** The events as PostgreSQL's COPY reads text, piece by piece. */
export async function* stageRows(events: readonly PulledEvent[]): AsyncGenerator<Buffer> {
  for (let start = 0; start < events.length; start += ROWS_AT_ONCE) {
    yield Buffer.from(
      events
        .slice(start, start + ROWS_AT_ONCE)
        .map(rowOf)
        .join(""),
    );
  }
}

function rowOf({ id, occurredAt, payload }: PulledEvent): string {
  return `${escaped(id)}\t${occurredAt ?? "\\N"}\t${escaped(payload)}\n`;
}

function escaped(text: string): string {
  return SPECIAL.test(text) ? text.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character] ?? character) : text;
}

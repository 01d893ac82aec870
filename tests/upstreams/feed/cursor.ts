import { type Answer, refusal } from "./answer";
import { mixed } from "./event-id";
import type { Span } from "./event-list";
import type { Switches } from "./switches";

/** Where a list goes on. */
export interface Position {
  /** The next place to send, or with `offset` cursors how far it is below the newest. */
  readonly place: number;
  readonly span: Span;
}

/** Who gives cursors. */
export type Source = "events" | "stream";

const STALE = ["expired", "invalid", "gone", "bad-gateway", "empty-page"] as const;

/** Gives cursors and reads them back. They hold all there is to know, so the upstream keeps none. */
export class Cursors {
  /** Told from other processes of the upstream by their cursors. */
  /** Room for 4,096 times of forgetting between two processes that begin in two ms. */
  #owner = Date.now() * 4_096;

  /** From now on no cursor of before is known. */
  forget(): void {
    this.#owner += 1;
  }

  give({ place, span }: Position, source: Source, switches: Switches): string {
    const owner = switches.cursorsDieOnRestart ? this.#owner : 0;
    const text = [Date.now(), owner, switches.cursorsShared ? "any" : source, place, span.from, span.to].join(".");
    return Buffer.from(`${text}.${sumOf(text)}`).toString("base64url");
  }

  /** @returns the position, or whether the cursor is too old or none of this process for this source */
  read(
    cursor: string,
    source: Source,
    { cursorTtlMs, cursorsDieOnRestart }: Switches,
  ): Position | "expired" | "unknown" {
    const text = Buffer.from(cursor, "base64url").toString("latin1");
    const end = text.lastIndexOf(".");
    if (text.slice(end + 1) !== sumOf(text.slice(0, Math.max(end, 0)))) return "unknown";
    const [given = 0, owner, , place = 0, from = 0, to = 0] = text.split(".").map(Number);
    const usedBy = text.split(".")[2];
    if (cursorsDieOnRestart && owner !== this.#owner) return "unknown";
    if (usedBy !== "any" && usedBy !== source) return "unknown";
    return Date.now() - given > cursorTtlMs ? "expired" : { place, span: { from, to } };
  }
}

/** What a stale cursor is answered; undefined stands for a page of nothing that looks like the last one. */
export function staleAnswer(cause: "expired" | "unknown", cursor: string, switches: Switches): Answer | undefined {
  const { staleCursor } = switches;
  const chosen = staleCursor === "mixed" ? STALE[mixed(cursor.length + Date.now()) % STALE.length] : staleCursor;
  if (chosen === "empty-page") return undefined;
  if (chosen === "gone") return refusal(410, "GONE", switches);
  if (chosen === "bad-gateway") return { status: 502, body: "<html><body>502 Bad Gateway</body></html>" };
  const isExpired = chosen === "expired" || (chosen === "by-cause" && cause === "expired");
  return refusal(400, isExpired ? "CURSOR_EXPIRED" : "CURSOR_INVALID", switches);
}

/** A check sum, so that no text but those given here is taken for a cursor. */
function sumOf(text: string): string {
  let sum = text.length;
  for (let index = 0; index < text.length; index += 1) sum = mixed(sum ^ text.charCodeAt(index));
  return sum.toString(36);
}

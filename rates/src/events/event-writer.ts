import { DatabaseError } from "pg";
import type { Connection } from "../platform/database/connection";
import type { EventStatus } from "./event";
import { type EventRow, eventColumns } from "./event-columns";
import * as sql from "./store-statements";

/** What is stored under a hash. */
interface Stored {
  readonly hash: string;
  readonly id: string;
  readonly status: EventStatus;
  readonly reason: string | null;
}

/** What became of an event, and whether it is this very sending that is stored. */
export interface Written extends Omit<Stored, "hash"> {
  readonly isOwn: boolean;
}

/** Writes events over one connection. Every statement is durable when it is answered. */
export class EventWriter {
  constructor(
    private readonly connection: Connection,
    /** ms that a statement may take. */
    private readonly limit: number,
  ) {}

  /**
   * Stores events of different hashes, and finds what is stored of those that were there already. An audit row becomes
   * processed when its event can be.
   * @returns what became of each, by hash
   */
  async write(events: readonly EventRow[]): Promise<Map<string, Written>> {
    const written = new Map<string, Written>();
    const added = new Set(await this.#insert(events));
    const known: EventRow[] = [];
    for (const event of events) {
      if (added.has(event.hash)) written.set(event.hash, ownOf(event));
      else known.push(event);
    }
    if (known.length > 0) await this.#settleKnown(known, written);
    return written;
  }

  /** @returns the hashes that were new */
  async #insert(events: readonly EventRow[]): Promise<string[]> {
    const rows = await this.#ask<Stored>("insert-events", sql.INSERT_EVENTS_SQL, eventColumns(events));
    return rows.map(({ hash }) => hash);
  }

  /** Stores events and fails for real before the commit: nothing of it stays. @returns the failure */
  async fail(events: readonly EventRow[]): Promise<DatabaseError> {
    await this.connection.ask({ text: "BEGIN" }, this.limit);
    const failure = await this.#insertAndFail(events).catch((error: unknown) => error);
    if (!(failure instanceof DatabaseError)) throw failure;
    await this.connection.ask({ text: "ROLLBACK" }, this.limit);
    return failure;
  }

  async #insertAndFail(events: readonly EventRow[]): Promise<unknown> {
    await this.#insert(events);
    await this.connection.ask({ text: sql.FAIL_SQL }, this.limit);
    return new Error("a statement that always fails did not");
  }

  async #settleKnown(events: readonly EventRow[], written: Map<string, Written>): Promise<void> {
    const found = await this.#find(events);
    const promotable = events.filter(
      ({ hash, status }) => status === "processed" && found.get(hash)?.status !== "processed",
    );
    const promoted = promotable.length === 0 ? new Set<string>() : await this.#promote(promotable);
    // Those that somebody else promoted in the meantime.
    const settled = promoted.size < promotable.length ? await this.#find(events) : found;
    for (const event of events) {
      const stored = settled.get(event.hash);
      if (stored === undefined) throw new Error(`event ${event.id} is neither new nor known: events were deleted`);
      written.set(event.hash, writtenOf(event, stored, promoted.has(event.hash)));
    }
  }

  async #promote(events: readonly EventRow[]): Promise<Set<string>> {
    const rows = await this.#ask<Stored>("promote-events", sql.PROMOTE_EVENTS_SQL, eventColumns(events));
    return new Set(rows.map(({ hash }) => hash));
  }

  async #find(events: readonly EventRow[]): Promise<Map<string, Stored>> {
    const hashes = events.map(({ hash }) => hash);
    const rows = await this.#ask<Stored>("find-events", sql.FIND_EVENTS_SQL, [hashes]);
    return new Map(rows.map((row) => [row.hash, row]));
  }

  #ask<Row extends object>(name: string, text: string, values: unknown[]): Promise<Row[]> {
    return this.connection.ask<Row & Record<string, unknown>>({ name, text, values }, this.limit);
  }
}

function ownOf({ id, status, reason }: EventRow): Written {
  return { id, status, reason, isOwn: true };
}

/** With the same id it is this very event, stored by an attempt whose answer was lost. */
function writtenOf(event: EventRow, { id, status, reason }: Stored, isPromoted: boolean): Written {
  return isPromoted
    ? { id, status: "processed", reason: null, isOwn: true }
    : { id, status, reason, isOwn: id === event.id };
}

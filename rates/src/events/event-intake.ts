import { DatabaseUnavailable, WrongCopy } from "../platform/database/failure";
import type { Event, Settled } from "./event";
import { EventIds } from "./event-id";
import type { EventStore } from "./event-store";
import { GroupCommit } from "./group-commit";
import type { Normalise } from "./normalise";
import { type RawEvent, rawEventsOf } from "./raw-events";

/** Where events wait, durably, until the database is back. */
export interface EventSpool {
  /** Resolves when they are as durable as a commit would make them; rejects when they are not taken. */
  accept(events: readonly Event[]): Promise<void>;
}

/** What events are taken in with. */
export interface IntakeParts {
  readonly store: EventStore;
  readonly normalise: Normalise;
  readonly spool: EventSpool | undefined;
  readonly limits: {
    readonly mostPerRequest: number;
    readonly mostWaiting: number;
    readonly mostWaitingBytes: number;
  };
}

/** Events as a client sends them. */
export interface EventsRequest {
  readonly body: Uint8Array;
  /** The request's Idempotency-Key. */
  readonly key: string | undefined;
  /** Whether the write is to fail. */
  readonly isToFail: boolean;
}

/** What became of a request: each event is settled, or all of them wait in the spool. */
export type Taken = { readonly settled: readonly Settled[] } | { readonly queued: number };

/** Takes pushed events in. */
export class EventIntake {
  readonly #parts: IntakeParts;
  readonly #group: GroupCommit<Settled>;
  readonly #ids = new EventIds();

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#group = new GroupCommit({
      store: (events) => parts.store.store(events),
      mostEvents: parts.limits.mostWaiting,
      mostBytes: parts.limits.mostWaitingBytes,
    });
  }

  /**
   * Takes the events of one request and answers when they are durable.
   * @throws {Problem} for what is wrong with the request, {DatabaseUnavailable} when nothing of it was taken
   */
  async take({ body, key, isToFail }: EventsRequest): Promise<Taken> {
    const events = this.#eventsOf(rawEventsOf(body, this.#parts.limits.mostPerRequest), key);
    if (isToFail) return { settled: await this.#parts.store.failToStore(events) };
    if (events.length === 0) return { settled: [] };
    try {
      return { settled: await this.#group.submit(events) };
    } catch (error) {
      return await this.#spool(events, error);
    }
  }

  #eventsOf(raws: readonly RawEvent[], key: string | undefined): Event[] {
    const now = Date.now();
    const receivedAt = new Date(now).toISOString();
    return raws.map((raw, index) => this.#parts.normalise(raw, { id: this.#ids.next(now), receivedAt, key, index }));
  }

  async #spool(events: readonly Event[], error: unknown): Promise<Taken> {
    const { spool } = this.#parts;
    // Another copy's database is no outage that passes.
    if (spool === undefined || !(error instanceof DatabaseUnavailable) || error instanceof WrongCopy) throw error;
    try {
      await spool.accept(events);
    } catch (cause) {
      throw new DatabaseUnavailable(`${error.message} The queue takes no events either.`, { cause });
    }
    return { queued: events.length };
  }
}

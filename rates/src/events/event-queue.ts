import type { QueueDefinition } from "../platform/queue/definition";
import type { Handler } from "../platform/queue/hold";
import type { Queue } from "../platform/queue/queue";
import type { Event } from "./event";
import type { EventSpool } from "./event-intake";
import type { EventStore } from "./event-store";
import { GroupCommit } from "./group-commit";

/** Each message holds the events of one request, or of several that came together. */
export const PUSHED_EVENTS: QueueDefinition = { name: "pushed-events", inOrder: true, attempts: 5 };

/** Most messages that are stored by one statement: some thousand events, whether they came one by one or in arrays. */
const TOGETHER = 1_000;

/**
 * How long, in ms, a process that has just begun to serve leaves alone what an earlier one queued: to open the queue takes
 * a third of a second of CPU, and a start has other work.
 */
const FIRST_LOOK_MS = 5_000;

interface Parts {
  readonly queue: Queue;
  readonly store: EventStore;
  /** Most events, and most characters of their payloads, that wait for the queue to confirm them. */
  readonly mostEvents: number;
  readonly mostBytes: number;
}

/**
 * Where pushed events wait while the database is away: on the queue's own server, from which they are stored in the order
 * of their arrival. One that is stored twice is counted once, so a message may be handed out again.
 */
export class EventQueue implements EventSpool {
  readonly #parts: Parts;
  readonly #group: GroupCommit<undefined>;
  #firstLook: NodeJS.Timeout | undefined;

  constructor(parts: Parts) {
    const { queue, mostEvents, mostBytes } = parts;
    this.#parts = parts;
    this.#group = new GroupCommit({
      store: async (events) => {
        await queue.publish(PUSHED_EVENTS, events);
        return events.map(() => undefined);
      },
      mostEvents,
      mostBytes,
    });
  }

  async accept(events: readonly Event[]): Promise<void> {
    await this.#group.submit(events);
    this.#consume();
  }

  /** Stores what waits from now on, soon. */
  start(): void {
    this.#firstLook = setTimeout(() => this.#consume(), FIRST_LOOK_MS).unref();
  }

  stop(): void {
    clearTimeout(this.#firstLook);
  }

  #consume(): void {
    const { queue, store } = this.#parts;
    const handler: Handler<readonly Event[]> = async (messages) => {
      await store.store(messages.flatMap(({ payload }) => payload));
    };
    queue.consume(PUSHED_EVENTS, handler, { together: TOGETHER });
  }
}

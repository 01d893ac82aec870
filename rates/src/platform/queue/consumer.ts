import { setTimeout as delay } from "node:timers/promises";
import { DatabaseUnavailable } from "../database/failure";
import { explanationOf } from "../explanation";
import { LEASE_SECONDS, type QueueDefinition, RETRY_DELAY_SECONDS } from "./definition";
import { QueueUnavailable } from "./failure";
import type { MessageStore, TakenMessage } from "./message-store";
import { PUT_BACK, RENEW } from "./queries";

/** Works on one message. It may be called again for a message that it has done, so what it does has to bear that. */
export type Handler<Payload> = (payload: Payload, delivery: Delivery) => Promise<void>;

export interface Delivery {
  readonly id: string;
  /** 1 for the first time; what fails because the database is away is not counted. */
  readonly attempt: number;
}

/** How long, in ms, an empty queue is left alone. A message published by the same process is taken at once. */
const POLL_MS = 1_000;
/** Between two looks for leases that are over, in ms. */
const EXPIRE_EVERY_MS = 2_500;
/** After an outage of the queue was met, in ms. */
const RECONNECT_PAUSE_MS = 500;
/** Between two attempts while the database is away, in ms: from the first to the second. */
const HOLD = { first: 50, longest: 2_000 };
/** A third of the lease, in ms: one renewal may be lost. */
const RENEW_EVERY_MS = (LEASE_SECONDS * 1_000) / 3;

/** What became of a message: done with, to be handed out again, no longer there, or failed. */
type Outcome = "done" | "given back" | "gone" | { readonly failure: unknown };

export interface ConsumerProps {
  readonly definition: QueueDefinition;
  readonly store: MessageStore;
  readonly handler: Handler<unknown>;
  readonly concurrency: number;
  /** Told once of each outage of the queue, and of each message that failed. */
  onTrouble(what: string, error: unknown): void;
}

/** Takes messages of one queue and hands them to its handler until it is stopped, whatever the queue's server does. */
export class Consumer {
  readonly #props: ConsumerProps;
  readonly #stopped = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #isWoken = false;
  #endRest: () => void = () => {};
  #isOutageTold = false;
  #expiredAt = Number.NEGATIVE_INFINITY;
  #ended: Promise<void> | undefined;

  constructor(props: ConsumerProps) {
    this.#props = props;
  }

  start(): void {
    this.#ended ??= this.#run();
  }

  /** There is something to take. */
  wake(): void {
    this.#isWoken = true;
    this.#endRest();
  }

  /** Takes no more, and resolves when what is being worked on is done or given back. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.wake();
    await this.#ended;
    await Promise.all(this.#running);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        this.#isWoken = false;
        const taken = await this.#takeSome();
        this.#isOutageTold = false;
        if (taken === 0) await this.#rest(POLL_MS);
      } catch (error) {
        if (!this.#isOutageTold) this.#props.onTrouble("not consuming: the queue is away", error);
        this.#isOutageTold = true;
        await delay(RECONNECT_PAUSE_MS, undefined, { signal }).catch(() => {});
      }
    }
  }

  /** Until somebody wakes us, or has done so since the last look. */
  async #rest(limit: number): Promise<void> {
    if (this.#isWoken) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limit);
      this.#endRest = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** @returns how many messages were taken; where all hands are full, none until one is free */
  async #takeSome(): Promise<number> {
    const { definition, store, concurrency } = this.#props;
    const free = concurrency - this.#running.size;
    if (free <= 0) return 0;
    await this.#expireLeases();
    const messages = await store.take(definition, free);
    for (const message of messages) {
      const work = this.#work(message).finally(() => {
        this.#running.delete(work);
        this.wake();
      });
      this.#running.add(work);
    }
    return messages.length;
  }

  /** A message whose process was killed counts as failed once, so one that kills every process is parked as well. */
  async #expireLeases(): Promise<void> {
    if (performance.now() - this.#expiredAt < EXPIRE_EVERY_MS) return;
    await this.#props.store.with((library) => library.expire());
    this.#expiredAt = performance.now();
  }

  /** Never throws: a message that cannot be settled any more is handed out again when its lease is over. */
  async #work(message: TakenMessage): Promise<void> {
    const renewal = setInterval(() => void this.#renew(message).catch(() => {}), RENEW_EVERY_MS);
    try {
      const outcome = await this.#handle(message);
      await this.#insist(() => this.#settle(message, outcome));
      if (typeof outcome === "object") await this.#pauseAfterFailure(message);
    } catch (error) {
      this.#props.onTrouble("a message could not be settled and will come again", error);
    } finally {
      clearInterval(renewal);
    }
  }

  /** Calls the handler, and again as long as it is only the database that is away. */
  async #handle({ id, data, retryCount }: TakenMessage): Promise<Outcome> {
    const { definition, handler, onTrouble } = this.#props;
    const { signal } = this.#stopped;
    for (let pause = HOLD.first; ; pause = Math.min(pause * 2, HOLD.longest)) {
      try {
        await handler(JSON.parse(data), { id, attempt: retryCount + 1 });
        return "done";
      } catch (failure) {
        if (!(failure instanceof DatabaseUnavailable || failure instanceof QueueUnavailable)) {
          const isLast = retryCount + 1 >= definition.attempts;
          onTrouble(isLast ? "a message failed too often and is parked" : "a message failed", failure);
          return { failure };
        }
      }
      await delay(pause, undefined, { signal }).catch(() => {});
      if (signal.aborted) return "given back";
      // A reset empties the queue first: a message that has gone belongs to data that has gone.
      if (!(await this.#isStillThere(id))) return "gone";
    }
  }

  async #settle({ id }: TakenMessage, outcome: Outcome): Promise<void> {
    const { store, definition } = this.#props;
    const { name } = definition;
    if (outcome === "done") await store.with((library) => library.deleteJob(name, id));
    else if (outcome === "given back") await store.query(PUT_BACK, [name, id]);
    else if (outcome !== "gone") {
      const reason = explanationOf(outcome.failure);
      await store.with((library) => library.fail(name, id, { reason }));
    }
  }

  /** An outage of the queue is sat out: otherwise what was done in it would be done again, a lease later. */
  async #insist(settle: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopped;
    for (;;) {
      try {
        return await settle();
      } catch (error) {
        if (!(error instanceof QueueUnavailable) || signal.aborted) throw error;
      }
      await delay(RECONNECT_PAUSE_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** In order, the next message is the one that failed: the pause is ours to make. Otherwise the library gives it a due time. */
  async #pauseAfterFailure({ retryCount }: TakenMessage): Promise<void> {
    const { inOrder, attempts } = this.#props.definition;
    if (!inOrder || retryCount + 1 >= attempts) return;
    const pause = RETRY_DELAY_SECONDS * 2 ** retryCount * 1_000;
    await delay(pause, undefined, { signal: this.#stopped.signal }).catch(() => {});
  }

  async #isStillThere(id: string): Promise<boolean> {
    return this.#renew({ id }).catch(() => true); // the queue is away as well
  }

  async #renew({ id }: Pick<TakenMessage, "id">): Promise<boolean> {
    const { definition, store } = this.#props;
    return (await store.query(RENEW, [definition.name, id])).length > 0;
  }
}

import { setTimeout as delay } from "node:timers/promises";
import { DatabaseUnavailable } from "../database/failure";
import { explanationOf } from "../explanation";
import { LEASE_SECONDS, type QueueDefinition, RETRY_DELAY_SECONDS } from "./definition";
import { QueueUnavailable } from "./failure";
import type { MessageStore, TakenMessage } from "./message-store";
import { PUT_BACK, REMOVE, RENEW } from "./queries";

/** A message as its handler is given it. */
export interface Delivery<Payload> {
  readonly payload: Payload;
  readonly id: string;
  /** 1 for the first time; what fails because the database is away is not counted. */
  readonly attempt: number;
}

/**
 * Works on messages, in their order: all of them are done when it resolves, and none counts as done when it throws. It may
 * be called again for messages that it has done, all or some of them, so what it does has to bear that.
 */
export type Handler<Payload> = (messages: readonly Delivery<Payload>[]) => Promise<void>;

/** After an outage of the queue was met, in ms. */
export const RECONNECT_PAUSE_MS = 500;
/** Between two attempts while the database is away, in ms: from the first to the second. */
const HOLD = { first: 50, longest: 2_000 };
/** A third of the lease, in ms: one renewal may be lost. */
const RENEW_EVERY_MS = (LEASE_SECONDS * 1_000) / 3;

/** What became of messages: done with, to be handed out again, no longer ours, or failed. */
type Outcome = "done" | "given back" | "gone" | { readonly failure: unknown };

export interface HoldProps {
  readonly definition: QueueDefinition;
  readonly store: MessageStore;
  readonly handler: Handler<unknown>;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Told of each message that failed. */
  onTrouble(what: string, error: unknown): void;
}

/** Messages that were taken together, from their taking until they are settled. The lease of the first one holds for all. */
export class Hold {
  readonly #props: HoldProps;
  readonly #first: TakenMessage;
  #messages: readonly TakenMessage[];

  constructor(first: TakenMessage, others: readonly TakenMessage[], props: HoldProps) {
    this.#props = props;
    this.#first = first;
    this.#messages = [first, ...others];
  }

  /**
   * Hands the messages to the handler and settles them. Never throws: what cannot be settled any more is handed out again
   * when the lease is over.
   * @returns whether all of them were done at once
   */
  async work(): Promise<boolean> {
    const taken = this.#messages;
    const renewal = setInterval(() => void this.#renew().catch(() => {}), RENEW_EVERY_MS);
    try {
      const outcome = await this.#handle();
      await this.#insist(() => this.#settle(outcome));
      if (typeof outcome === "object") await this.#pauseAfterFailure();
      return outcome === "done" && this.#messages === taken;
    } catch (error) {
      this.#props.onTrouble("a message could not be settled and will come again", error);
      return false;
    } finally {
      clearInterval(renewal);
    }
  }

  /** Calls the handler, and again as long as it is only the database that is away. */
  async #handle(): Promise<Outcome> {
    const { handler, signal } = this.#props;
    for (let pause = HOLD.first; ; pause = Math.min(pause * 2, HOLD.longest)) {
      try {
        await handler(this.#messages.map(deliveryOf));
        return "done";
      } catch (failure) {
        const isOutage = failure instanceof DatabaseUnavailable || failure instanceof QueueUnavailable;
        const isAlone = this.#messages.length === 1;
        // Nobody knows whose fault it is, or whether fewer would have been in time: the others wait for another turn.
        this.#messages = [this.#first];
        if (!isOutage && isAlone) return this.#failed(failure);
        if (!isOutage) continue;
      }
      await delay(pause, undefined, { signal }).catch(() => {});
      if (signal.aborted) return "given back";
      // A reset empties the queue first: a message that has gone belongs to data that has gone.
      if (!(await this.#isStillOurs())) return "gone";
    }
  }

  #failed(failure: unknown): Outcome {
    const { definition, onTrouble } = this.#props;
    const isLast = this.#first.retryCount + 1 >= definition.attempts;
    onTrouble(isLast ? "a message failed too often and is parked" : "a message failed", failure);
    return { failure };
  }

  async #settle(outcome: Outcome): Promise<void> {
    const { store, definition } = this.#props;
    if (outcome === "done") await store.query(REMOVE, [...this.#key, this.#messages.map(({ id }) => id)]);
    else if (outcome === "given back") await store.query(PUT_BACK, this.#key);
    else if (outcome !== "gone" && (await this.#renew())) {
      const reason = explanationOf(outcome.failure);
      await store.with((library) => library.fail(definition.name, this.#first.id, { reason }));
    }
  }

  /** An outage of the queue is sat out: otherwise what was done in it would be done again, a lease later. */
  async #insist(settle: () => Promise<void>): Promise<void> {
    const { signal } = this.#props;
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
  async #pauseAfterFailure(): Promise<void> {
    const { definition, signal } = this.#props;
    const { retryCount } = this.#first;
    if (!definition.inOrder || retryCount + 1 >= definition.attempts) return;
    const pause = RETRY_DELAY_SECONDS * 2 ** retryCount * 1_000;
    await delay(pause, undefined, { signal }).catch(() => {});
  }

  async #isStillOurs(): Promise<boolean> {
    return this.#renew().catch(() => true); // the queue is away as well
  }

  /** @returns whether the lease is still ours */
  async #renew(): Promise<boolean> {
    return (await this.#props.store.query(RENEW, this.#key)).length > 0;
  }

  /** Queue, id and number of attempts, as the statements want them. */
  get #key(): readonly [string, string, number] {
    const { id, retryCount } = this.#first;
    return [this.#props.definition.name, id, retryCount];
  }
}

function deliveryOf({ id, data, retryCount }: TakenMessage): Delivery<unknown> {
  return { payload: JSON.parse(data), id, attempt: retryCount + 1 };
}

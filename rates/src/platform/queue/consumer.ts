import { setTimeout as delay } from "node:timers/promises";
import type { QueueDefinition } from "./definition";
import { type Handler, Hold, RECONNECT_PAUSE_MS } from "./hold";
import { takeInOrder } from "./in-order";
import type { MessageStore, TakenMessage } from "./message-store";

/** How long, in ms, an empty queue is left alone. A message published by the same process is taken at once. */
const POLL_MS = 1_000;
/** Between two looks for leases that are over, in ms: what a killed process held rests for as much longer at most. */
const EXPIRE_EVERY_MS = 1_000;

export interface ConsumerProps {
  readonly definition: QueueDefinition;
  readonly store: MessageStore;
  readonly handler: Handler<unknown>;
  /** Most calls of the handler at once; 1 in order. */
  readonly concurrency: number;
  /** Most messages of a call; 1 where no order is asked for. */
  readonly together: number;
  /** Told once of each outage of the queue, and of each message that failed. */
  onTrouble(what: string, error: unknown): void;
}

/** Takes messages of one queue and hands them to its handler until it is stopped, whatever the queue's server does. */
export class Consumer {
  readonly #props: ConsumerProps;
  readonly #stopped = new AbortController();
  readonly #running = new Set<Promise<void>>();
  /**
   * Messages to take together next time: twice as many when all went well, one when anything did not. A message that fails,
   * kills its process or takes too long is so found among a thousand in some dozens of calls.
   */
  #together = 1;
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
    if (!definition.inOrder) {
      const messages = await store.take(definition, free);
      for (const message of messages) this.#work(message, []);
      return messages.length;
    }
    const [first, ...others] = await takeInOrder(store, definition, this.#together);
    if (first === undefined) return 0;
    this.#work(first, others);
    return 1 + others.length;
  }

  /** A message whose process was killed counts as failed once, so one that kills every process is parked as well. */
  async #expireLeases(): Promise<void> {
    if (performance.now() - this.#expiredAt < EXPIRE_EVERY_MS) return;
    await this.#props.store.with((library) => library.expire());
    this.#expiredAt = performance.now();
  }

  #work(first: TakenMessage, others: readonly TakenMessage[]): void {
    const hold = new Hold(first, others, { ...this.#props, signal: this.#stopped.signal });
    const work = hold.work().then((isDone) => {
      this.#together = isDone ? Math.min(this.#together * 2, this.#props.together) : 1;
      this.#running.delete(work);
      this.wake();
    });
    this.#running.add(work);
  }
}

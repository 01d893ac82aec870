import type { Config } from "../../config";
import { Consumer } from "./consumer";
import { idOf, type QueueDefinition } from "./definition";
import type { Handler } from "./hold";
import { MessageStore } from "./message-store";
import { COUNTS, PARKED } from "./queries";

export interface PublishOptions {
  /** While a message of this key is waiting, worked on or parked, another one of it is not taken, and that is success. */
  readonly dedupKey?: string;
  /** Not to be handed out before. */
  readonly dueAt?: Date;
}

export interface ConsumeOptions {
  /** Most calls of the handler at once in this process; of a queue in order, it is one in all of them. */
  readonly concurrency?: number;
  /** Of a queue in order: most messages of one call. Of another, each has a call of its own. */
  readonly together?: number;
}

/** Messages of one queue, by what becomes of them. */
export interface QueueStatistics {
  readonly name: string;
  readonly waiting: number;
  /** In order, the first of those that are worked on together; the others wait behind it. */
  readonly running: number;
  readonly parked: number;
  /** Age of the oldest one that waits, in seconds; null where none does. */
  readonly oldest_seconds: number | null;
}

/** A message that failed too often. */
export interface ParkedMessage {
  readonly id: string;
  readonly published_at: Date;
  readonly parked_at: Date;
  readonly attempts: number;
  readonly reason: string;
  /** Length of the payload's JSON text. */
  readonly characters: number;
}

/** Told of what goes wrong without anybody waiting for it. */
export type OnTrouble = (what: string, error: unknown) => void;

/**
 * Messages that outlive this process and the database, on a server of their own. A message is handed out at least once. Nothing
 * is opened or made before the first use.
 */
export class Queue {
  readonly #store: MessageStore;
  readonly #onTrouble: OnTrouble;
  readonly #consumers = new Map<string, Consumer>();
  #isStopped = false;

  constructor(config: Config, onTrouble: OnTrouble) {
    this.#onTrouble = onTrouble;
    this.#store = new MessageStore(config, (error) => onTrouble("an idle connection to the queue was lost", error));
  }

  /**
   * Resolves when the message is on the queue server's disk.
   * @param payload what JSON can carry
   * @throws {QueueUnavailable} within the limits of connection and statement when it could not be confirmed. It may be in the
   * queue all the same, where the connection was lost after it was sent.
   */
  async publish(definition: QueueDefinition, payload: unknown, options: PublishOptions = {}): Promise<void> {
    const { name } = definition;
    const { dedupKey, dueAt } = options;
    const details = { ...(dedupKey ? { id: idOf(dedupKey) } : {}), ...(dueAt ? { startAfter: dueAt } : {}) };
    // As text within JSON: PostgreSQL's own JSON refuses some characters and rounds nothing it does not have to, but may.
    const data = JSON.stringify(JSON.stringify(payload)) as unknown as object;
    const send = () => this.#store.with((library) => library.send(name, data, details), definition);
    const isThere = () => this.#store.with((library) => library.getQueue(name));
    // No id is given back for a message that was kept out by its key, and where the queue itself has gone meanwhile.
    let id = await send();
    if (id === null && !(dedupKey && (await isThere()))) {
      this.#store.forget();
      id = await send();
      if (id === null && !dedupKey) throw new Error(`queue ${name} took no message and gave no reason`);
    }
    this.#consumers.get(name)?.wake();
  }

  /**
   * Hands messages to a handler from now on. A message at which it throws is tried again later, and parked in the end; where
   * it throws DatabaseUnavailable it is called again until the database is back, which counts as no attempt.
   */
  consume<Payload>(definition: QueueDefinition, handler: Handler<Payload>, options: ConsumeOptions = {}): void {
    const { name, inOrder } = definition;
    const { concurrency = 1, together = 1 } = options;
    if (this.#isStopped || this.#consumers.has(name)) return;
    const consumer = new Consumer({
      definition,
      store: this.#store,
      handler: handler as Handler<unknown>,
      concurrency: inOrder ? 1 : concurrency,
      together: inOrder ? together : 1,
      onTrouble: (what, error) => this.#onTrouble(`${name}: ${what}`, error),
    });
    this.#consumers.set(name, consumer);
    consumer.start();
  }

  /** Every queue that has been used. */
  statistics(): Promise<QueueStatistics[]> {
    return this.#store.query<QueueStatistics & Record<string, unknown>>(COUNTS);
  }

  parked(name: string): Promise<ParkedMessage[]> {
    return this.#store.query<ParkedMessage & Record<string, unknown>>(PARKED, [name]);
  }

  /** Gives parked messages one more attempt. */
  async retry(name: string, ids: readonly string[]): Promise<void> {
    await this.#store.with((library) => library.retry(name, [...ids]));
  }

  /** Removes messages for good. */
  async drop(name: string, ids: readonly string[]): Promise<void> {
    await this.#store.with((library) => library.deleteJob(name, [...ids]));
  }

  /** Takes no more messages and resolves when the handlers that run have ended. Publishing goes on. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#consumers.values()].map((consumer) => consumer.stop()));
  }

  /** After `stop`: closes every connection. */
  close(): Promise<void> {
    return this.#store.close();
  }
}

import type { IncomingMessage } from "node:http";
import type { Outcome } from "./batch-taker";
import { BatchThread, type ThreadParts } from "./batch-thread";
import { stillRunning, tooManyBatches } from "./limits";
import type { BatchHead } from "./thread-messages";

/** A batch as a client sends it. */
export interface BatchRequest extends BatchHead {
  readonly body: IncomingMessage;
}

export interface BatchParts extends ThreadParts {
  /** Is told of the version of the data that a commit made. */
  readonly onCommit: (version: number) => void;
}

/**
 * Takes batches in: each whole or not at all, and each key once. All the work is done in a thread of its own, so that
 * other requests are answered meanwhile; it is there from the first batch until none has come for a while.
 */
export class Batches {
  readonly #parts: BatchParts;
  /** By key. */
  readonly #running = new Map<string, Promise<Outcome>>();
  #thread: BatchThread | undefined;
  #rest: NodeJS.Timeout | undefined;

  constructor(parts: BatchParts) {
    this.#parts = parts;
  }

  /** How many batches are being taken. */
  get running(): number {
    return this.#running.size;
  }

  /** Resolves when no batch is being taken; each ends within BATCH_TIMEOUT_MS. */
  async untilIdle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running.values());
  }

  /**
   * Takes one batch in and answers when it is durable.
   * @throws {Problem} for whatever is wrong with it, {DatabaseUnavailable} when it may be sent again
   */
  async take({ body, ...head }: BatchRequest): Promise<Outcome> {
    const { BATCH_MAX_CONCURRENT } = this.#parts.config;
    if (this.#running.has(head.key)) throw stillRunning();
    if (this.#running.size >= BATCH_MAX_CONCURRENT) throw tooManyBatches(BATCH_MAX_CONCURRENT);
    const taking = this.#livingThread()
      .take(head, body)
      .finally(() => this.#leave(head.key));
    this.#running.set(head.key, taking);
    const outcome = await taking;
    if (!outcome.isReplay) this.#parts.onCommit(outcome.batch.data_version);
    return outcome;
  }

  /** Ends the thread with its connections. Batches that still run fail. */
  async close(): Promise<void> {
    clearTimeout(this.#rest);
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.close();
  }

  #livingThread(): BatchThread {
    clearTimeout(this.#rest);
    if (this.#thread === undefined || this.#thread.isOver) this.#thread = new BatchThread(this.#parts);
    return this.#thread;
  }

  /** After the last batch the thread goes when its connections do: both are made anew for one that comes later. */
  #leave(key: string): void {
    this.#running.delete(key);
    if (this.#running.size > 0) return;
    this.#rest = setTimeout(() => void this.close(), this.#parts.config.DATABASE_IDLE_TIMEOUT_MS).unref();
  }
}

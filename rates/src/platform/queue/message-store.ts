import type { QueryResultRow } from "pg";
import type PgBoss from "pg-boss";
import type { Config } from "../../config";
import { ConnectionPool } from "../database/connection-pool";
import { libraryOptions, type QueueDefinition } from "./definition";
import { explainedOfQueue, isDeadlock, isNotMade, isTaken } from "./failure";
import { createTurnIndex, PARTITION, SCHEMA } from "./queries";

/** How much longer than the server's statement_timeout this side waits, in ms, as for the database. */
const ANSWER_ALLOWANCE_MS = 250;

/** Queues are made once, so nothing gets in each other's way for long. */
const ATTEMPTS = 3;

/** Acknowledged means on disk, whatever the server's default is. */
const DURABLE = { synchronous_commit: "on", application_name: "rates-queue" };

/** A message on loan, as the library hands it out. */
export interface TakenMessage {
  readonly id: string;
  /** JSON text. */
  readonly data: string;
  /** How often it was tried before. */
  readonly retryCount: number;
}

/**
 * The queue's database as the library keeps it. Nothing is loaded, opened or made before the first message, and what has gone
 * since (a reset empties the queue) is made again.
 */
export class MessageStore {
  readonly #pool: ConnectionPool;
  readonly #limit: number;
  #library: Promise<PgBoss> | undefined;
  readonly #made = new Map<string, Promise<void>>();

  constructor(config: Config, onIdleError: (error: Error) => void) {
    this.#pool = new ConnectionPool(connectionConfig(config), onIdleError, DURABLE);
    this.#limit = config.DATABASE_QUERY_TIMEOUT_MS + ANSWER_ALLOWANCE_MS;
  }

  /**
   * Does something with the library.
   * @param definition a queue that has to be there for it
   * @throws {QueueUnavailable} when the server does not answer within the configured limits
   */
  async with<Result>(work: (library: PgBoss) => Promise<Result>, definition?: QueueDefinition): Promise<Result> {
    const attempt = async () => {
      const library = await this.#start();
      if (definition) await this.#ensureQueue(library, definition);
      return await work(library);
    };
    return this.#explaining(async () => {
      for (let left = ATTEMPTS; ; left -= 1) {
        try {
          return await attempt();
        } catch (error) {
          if (isNotMade(error)) this.forget();
          if (left === 0 || !(isNotMade(error) || isDeadlock(error))) throw error;
        }
      }
    });
  }

  /** Takes up to `count` messages that are due. */
  take(definition: QueueDefinition, count: number): Promise<TakenMessage[]> {
    return this.with(async (library) => {
      // The library keeps errors of a fetch to itself.
      let failure: unknown;
      const executeSql = (text: string, values: unknown[]) =>
        this.#execute(text, values).catch((error: unknown) => {
          failure = error;
          throw error;
        });
      const options = { batchSize: count, includeMetadata: true, db: { executeSql } } as const;
      const messages = await library.fetch<string>(definition.name, options);
      if (failure !== undefined && !isTaken(failure)) throw failure;
      return messages;
    }, definition);
  }

  /** Runs one statement on the library's tables; no row where there are none yet. */
  async query<Row extends QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.#explaining(async () => {
      try {
        return (await this.#execute<Row>(text, [...values])).rows;
      } catch (error) {
        if (isNotMade(error)) return [];
        throw error;
      }
    });
  }

  /** Has everything made again by whoever needs it next. */
  forget(): void {
    this.#library = undefined;
    this.#made.clear();
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  async #start(): Promise<PgBoss> {
    this.#library ??= this.#load();
    return await this.#library.catch((error: unknown) => {
      this.forget();
      throw error;
    });
  }

  async #ensureQueue(library: PgBoss, definition: QueueDefinition): Promise<void> {
    const { name } = definition;
    const made = this.#made.get(name) ?? this.#makeQueue(library, definition);
    this.#made.set(name, made);
    await made.catch((error: unknown) => {
      this.#made.delete(name);
      throw error;
    });
  }

  async #load(): Promise<PgBoss> {
    const { default: Library } = await import("pg-boss");
    const db = { executeSql: (text: string, values: unknown[]) => this.#execute(text, values) };
    // No timers of its own: nothing is archived or thrown away, and leases are looked at by the consumers.
    const library = new Library({ db, schema: SCHEMA, supervise: false, schedule: false });
    library.on("error", () => {}); // told by the calls that fail
    return await library.start();
  }

  async #makeQueue(library: PgBoss, definition: QueueDefinition): Promise<void> {
    const { name } = definition;
    await library.createQueue(name, { name, ...libraryOptions(definition) });
    const { rows } = await this.#execute<{ partition_name: string }>(PARTITION, [name]);
    for (const { partition_name } of rows) await this.#execute(createTurnIndex(partition_name), undefined);
  }

  async #execute<Row extends QueryResultRow>(text: string, values: unknown[] | undefined): Promise<{ rows: Row[] }> {
    const loan = await this.#pool.lend();
    try {
      const rows = await loan.ask<Row>(values === undefined ? { text } : { text, values }, this.#limit);
      this.#pool.restore(loan);
      // Of several statements at once there are none.
      return { rows: rows ?? [] };
    } catch (error) {
      // Whoever waits for its turn would open a connection at every look.
      if (isTaken(error)) this.#pool.restore(loan);
      else this.#pool.discard(loan);
      throw error;
    }
  }

  async #explaining<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw explainedOfQueue(error);
    }
  }
}

/** The queue is another database with the same limits. */
function connectionConfig(config: Config): Config {
  const { QUEUE_URL, QUEUE_PASSWORD_FILE, QUEUE_POOL_MAX } = config;
  if (QUEUE_URL === undefined)
    throw new Error("QUEUE_URL is not set: name the queue's database, as `copy vars` tells it");
  return {
    ...config,
    DATABASE_URL: QUEUE_URL,
    DATABASE_PASSWORD_FILE: QUEUE_PASSWORD_FILE,
    DATABASE_POOL_MAX: QUEUE_POOL_MAX,
  };
}

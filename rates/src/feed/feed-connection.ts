import { setTimeout as delay } from "node:timers/promises";
import { DatabaseError } from "pg";
import type { Config } from "../config";
import { Connection, type Statement } from "../platform/database/connection";
import { connectionOptions } from "../platform/database/connection-options";
import { DatabaseUnavailable, explained, NoAnswer, WrongCopy } from "../platform/database/failure";
import { explanationOf } from "../platform/explanation";
import type { FeedLog } from "./feed-log";

/**
 * Longest time for one transaction in ms. A page takes tenths of a second; a disk that writes a checkpoint may hold it up
 * for many seconds, and beyond this it hangs.
 */
const TRANSACTION_LIMIT_MS = 60_000;
/** Pause between two attempts to reach the database, in ms: the pull goes on that much later at most. */
const RETRY_PAUSE_MS = 100;
/** How often, in ms, a wait for the database says so. */
const NOTICE_INTERVAL_MS = 3_000;

/** What no waiting for the database mends. */
export class NotPassing extends Error {
  override readonly name: string = "NotPassing";
}

/** One connection that waits out whatever the database does: an outage lasts as long as it lasts. */
export class FeedConnection {
  #connection: Connection | undefined;
  #silentUntil = 0;

  /**
   * @param prepare runs first on every new connection
   */
  constructor(
    private readonly config: Config,
    private readonly log: FeedLog,
    private readonly prepare: (connection: Connection) => Promise<void> = async () => {},
  ) {}

  /**
   * Does a work until it succeeds; each attempt has a connection in order, and one that fails is given up with its
   * transaction. So the work may have been done although it is done again.
   * @throws {WrongCopy} and what says that the work itself is at fault; what the signal says, between two attempts
   */
  async persist<Result>(work: (connection: Connection) => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    for (;;) {
      try {
        return await this.#attempt(work);
      } catch (error) {
        if (error instanceof NotPassing) throw error;
        const known = isCollision(error) ? new DatabaseUnavailable("a deadlock", { cause: error }) : explained(error);
        if (known instanceof WrongCopy || !(known instanceof DatabaseUnavailable)) throw known;
        this.#notice(known);
        await delay(RETRY_PAUSE_MS, undefined, signal && { signal });
      }
    }
  }

  async ask<Row extends object>(statement: Statement): Promise<Row[]> {
    return await this.persist((connection) =>
      connection.ask<Row & Record<string, unknown>>(statement, TRANSACTION_LIMIT_MS),
    );
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.end().catch(() => {});
  }

  async #attempt<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
    const connection = this.#connection ?? (await this.#connect());
    const timer = setTimeout(() => connection.cut(new NoAnswer(TRANSACTION_LIMIT_MS)), TRANSACTION_LIMIT_MS);
    try {
      const result = await work(connection);
      this.#silentUntil = 0;
      return result;
    } catch (error) {
      this.#connection = undefined;
      connection.cut(new Error("given up"));
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #connect(): Promise<Connection> {
    const connection = new Connection(
      connectionOptions(this.config, {
        statement_timeout: TRANSACTION_LIMIT_MS,
        idle_in_transaction_session_timeout: TRANSACTION_LIMIT_MS,
        // A crash of the server then loses the newest pages with their checkpoints, and they are fetched again.
        synchronous_commit: this.config.PG_SYNC_COMMIT,
      }),
    );
    try {
      await connection.connect();
      await connection.verify(this.config);
      await this.prepare(connection);
    } catch (error) {
      connection.cut(new Error("not used"));
      throw error;
    }
    this.#connection = connection;
    return connection;
  }

  #notice(error: Error): void {
    if (performance.now() < this.#silentUntil) return;
    this.#silentUntil = performance.now() + NOTICE_INTERVAL_MS;
    this.log.warn({ reason: explanationOf(error) }, "waiting for the database");
  }
}

/** Two transactions that met in a circle, or that could not be put into an order: the same again succeeds. */
function isCollision(error: unknown): boolean {
  return error instanceof DatabaseError && /^40/.test(error.code ?? "");
}

import { setTimeout as delay } from "node:timers/promises";
import { Pool, type PoolClient } from "pg";
import type { Config } from "../../config";
import { Connection } from "./connection";
import { connectionOptions, type SessionSettings } from "./connection-options";
import { DatabaseUnavailable, Distrusted, isPassing } from "./failure";

/** A connection that is on loan from the pool. */
export type Loan = Connection & PoolClient;

/** Connections of the pool, by what they are doing, and requests that wait for one. */
export interface PoolStatistics {
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
}

/** A live server answers the question in 0.1 ms; half a second bears a stalled machine and is hardly felt by a client. */
const PROBE_LIMIT_MS = 500;

/** A database is exchanged, or a server recovers, in tenths of a second. */
const PASSING_RETRY_MS = 20;

const PROBE = { text: "SELECT 1" };

/**
 * The connections to one database. pg's pool keeps them; what is added is that a loan can be trusted: it leads to the
 * right copy's database, and it was not cut silently while it rested.
 */
export class ConnectionPool {
  readonly #config: Config;
  readonly #pool: Pool;
  readonly #resting = new Set<Connection>();

  /**
   * @param onIdleError is told of connections that were lost while they rested; the pool has dropped them already
   * @param special settings of these connections alone
   */
  constructor(config: Config, onIdleError: (error: Error) => void, special: SessionSettings = {}) {
    this.#config = config;
    this.#pool = new Pool(poolOptions(config, special));
    this.#pool.on("error", (error) => error instanceof Distrusted || onIdleError(error));
    this.#pool.on("remove", (client) => this.#resting.delete(asLoan(client)));
  }

  get statistics(): PoolStatistics {
    return { total: this.#pool.totalCount, idle: this.#pool.idleCount, waiting: this.#pool.waitingCount };
  }

  /**
   * Lends a connection that is known to work. Give it back with `restore` or `discard`.
   * @throws {DatabaseUnavailable} when none was to be had within the limits, {WrongCopy} when the database is another's
   */
  async lend(): Promise<Loan> {
    for (;;) {
      const loan = await this.#next();
      if (loan.isCut) {
        this.discard(loan);
      } else if (await this.#isUsable(loan)) {
        return loan;
      }
    }
  }

  /** Takes back a connection whose last statement was answered. */
  restore(loan: Loan): void {
    this.#resting.add(loan);
    loan.release();
  }

  /** Takes back a connection that failed, and closes it. */
  discard(loan: Loan): void {
    loan.release(true);
  }

  /** Cuts every resting connection that has not answered since a moment (monotonic ms): it may have died with others. */
  distrust(since: number): void {
    for (const connection of this.#resting) {
      if (connection.lastAnswer < since) connection.cut(new Distrusted());
    }
  }

  /** Waits for loans to come back and closes every connection. */
  close(): Promise<void> {
    return this.#pool.end();
  }

  async #next(): Promise<Loan> {
    const waited = this.#pool.totalCount >= this.#config.DATABASE_POOL_MAX && this.#pool.idleCount === 0;
    const loan = asLoan(await this.#connect().catch((cause) => this.#refuse(cause, waited)));
    this.#resting.delete(loan);
    return loan;
  }

  /** A refusal that passes by itself is waited out, so that the exchange of a database costs no request. */
  async #connect(): Promise<PoolClient> {
    const deadline = performance.now() + this.#config.DATABASE_CONNECT_TIMEOUT_MS;
    for (;;) {
      try {
        return await this.#pool.connect();
      } catch (error) {
        if (!isPassing(error) || performance.now() > deadline) throw error;
        await delay(PASSING_RETRY_MS);
      }
    }
  }

  #refuse(cause: unknown, waited: boolean): never {
    const { DATABASE_CONNECT_TIMEOUT_MS: limit, DATABASE_POOL_MAX: most } = this.#config;
    const isTimeout = cause instanceof Error && /\btimeout\b/.test(cause.message);
    if (!isTimeout) throw cause;
    const reason = waited
      ? `All ${most} connections to the database were busy for ${limit} ms.`
      : `The database accepted no connection within ${limit} ms.`;
    throw new DatabaseUnavailable(reason, { cause });
  }

  async #isUsable(loan: Loan): Promise<boolean> {
    const asked = performance.now();
    try {
      if (!loan.verified) await loan.verify(this.#config);
      else if (asked - loan.lastAnswer > this.#config.DATABASE_PROBE_AFTER_MS) await loan.ask(PROBE, PROBE_LIMIT_MS);
      return true;
    } catch (error) {
      const wasVerified = loan.verified;
      this.discard(loan);
      if (!wasVerified) throw error;
      this.distrust(asked);
      return false;
    }
  }
}

function poolOptions(config: Config, special: SessionSettings) {
  return {
    ...connectionOptions(config, { statement_timeout: config.DATABASE_QUERY_TIMEOUT_MS, ...special }),
    Client: Connection,
    max: config.DATABASE_POOL_MAX,
    idleTimeoutMillis: config.DATABASE_IDLE_TIMEOUT_MS,
  };
}

function asLoan(client: PoolClient): Loan {
  if (client instanceof Connection) return client;
  throw new TypeError("the pool handed out a client that it was not told to make");
}

import { missingMigrations } from "db/migrate";
import type { QueryResultRow } from "pg";
import type { Config } from "../../config";
import type { Statement } from "./connection";
import type { SessionSettings } from "./connection-options";
import { ConnectionPool, type PoolStatistics } from "./connection-pool";
import { explained, isLost, MigrationsMissing } from "./failure";

/**
 * How much longer than the server's own statement_timeout this side waits, in ms. The server's word costs only the
 * statement, the limit here costs the connection, so the server is given the time for its answer to arrive.
 */
const ANSWER_ALLOWANCE_MS = 250;

/**
 * Statements of requests are few and prepared, and their plans do not depend on their parameters: to plan each anew costs
 * more than to run it.
 */
export const PLANNING: SessionSettings = { plan_cache_mode: "force_generic_plan" };

/** The one database of this process. */
export class Database {
  readonly #pool: ConnectionPool;
  readonly #queryLimit: number;

  constructor(config: Config, onIdleError: (error: Error) => void) {
    this.#pool = new ConnectionPool(config, onIdleError, PLANNING);
    this.#queryLimit = config.DATABASE_QUERY_TIMEOUT_MS + ANSWER_ALLOWANCE_MS;
  }

  get statistics(): PoolStatistics {
    return this.#pool.statistics;
  }

  /**
   * Runs one statement that changes nothing, and once more on a fresh connection when the first was lost under it.
   * @returns the rows
   * @throws {DatabaseUnavailable} when the database does not answer within the configured limits
   */
  async read<Row extends QueryResultRow>(statement: Statement): Promise<Row[]> {
    const began = performance.now();
    try {
      return await this.#run<Row>(statement, this.#queryLimit);
    } catch (error) {
      const left = this.#queryLimit - (performance.now() - began);
      if (!isLost(error) || left <= 0) throw explained(error);
      this.#pool.distrust(performance.now());
      return await this.#run<Row>(statement, left).catch((again) => {
        throw explained(again);
      });
    }
  }

  /**
   * Resolves when the database answers, is this copy's, and has every migration that this code knows.
   * @throws {MigrationsMissing} naming them, and what `read` throws
   */
  async check(): Promise<void> {
    const missing = await missingMigrations((text) => this.read({ text }));
    if (missing.length > 0) throw new MigrationsMissing(missing);
  }

  /** Waits for running statements and closes every connection. */
  close(): Promise<void> {
    return this.#pool.close();
  }

  async #run<Row extends QueryResultRow>(statement: Statement, limit: number): Promise<Row[]> {
    const loan = await this.#pool.lend();
    try {
      const rows = await loan.ask<Row>(statement, limit);
      this.#pool.restore(loan);
      return rows;
    } catch (error) {
      // Also after a mere SQL error: it is rare, and a new connection is known to be in order.
      this.#pool.discard(loan);
      throw error;
    }
  }
}

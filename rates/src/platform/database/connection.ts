import { Socket } from "node:net";
import { Client, type ClientConfig, type CustomTypesConfig, type QueryResultRow } from "pg";
import type { Config } from "../../config";
import { NoAnswer, WrongCopy } from "./failure";

/** A statement with bound parameters. One with a name is prepared once per connection. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
  readonly values?: unknown[];
  /** How values are read; as pg reads them unless told otherwise. */
  readonly types?: CustomTypesConfig;
}

const COPY_ID_SETTING = { text: "SELECT current_setting('rates.copy_id', true) AS copy_id" };

/**
 * One connection to PostgreSQL that can be cut at once. pg itself parts politely: it says goodbye and waits for the
 * server to close, which never happens on a connection whose other side is gone.
 */
export class Connection extends Client {
  /** Monotonic ms at which the server last answered here. */
  lastAnswer = performance.now();
  /** Whether the database behind this connection is known to be the right one. */
  verified = false;
  readonly #socket: Socket;

  constructor(config: ClientConfig = {}) {
    const socket = new Socket();
    // The pool hides the password from enumeration, so spreading alone would lose it.
    super({ ...config, password: config.password, stream: () => socket });
    this.#socket = socket;
    // A connection that is lost while a request holds it also fails the request's query; without a listener the
    // event would end the process.
    this.on("error", () => {});
  }

  get isCut(): boolean {
    return this.#socket.destroyed;
  }

  /** Closes the socket now. A query that waits here fails with the reason. */
  cut(reason: Error): void {
    this.#socket.destroy(reason);
  }

  /**
   * Runs one statement.
   * @param limit ms to wait for the answer; after that the connection is cut
   * @throws {NoAnswer} when the limit passed, else whatever pg reports
   */
  async ask<Row extends QueryResultRow>(statement: Statement, limit: number): Promise<Row[]> {
    const timer = setTimeout(() => this.cut(new NoAnswer(limit)), limit);
    try {
      const { rows } = await this.query<Row>(statement);
      this.lastAnswer = performance.now();
      return rows;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Makes sure that the database is the one this process is for; once is enough, because a connection never changes it.
   * @throws {WrongCopy} when it is another's, and what `ask` throws
   */
  async verify({ COPY_ID: expected, DATABASE_CONNECT_TIMEOUT_MS: limit }: Config): Promise<void> {
    if (expected !== undefined) {
      const [row] = await this.ask<{ copy_id: string | null }>(COPY_ID_SETTING, limit);
      const found = row?.copy_id ?? null;
      if (found !== expected) throw new WrongCopy(expected, found);
    }
    this.verified = true;
  }
}

import { Socket } from "node:net";
import { Client, type ClientConfig, type QueryResultRow } from "pg";
import { NoAnswer } from "./failure";

/** A statement with bound parameters. One with a name is prepared once per connection. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
  readonly values?: unknown[];
}

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
}

import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "../../config";
import { Connection } from "./connection";
import { connectionOptions } from "./connection-options";
import type { DataVersion } from "./data-version";

/** Where every batch says the new version when it commits. */
const CHANNEL = "rates_data";
const LISTEN = { text: `LISTEN ${CHANNEL}` };
const VERSION = { text: "SELECT version FROM data_version" };

/** A connection that was cut silently is noticed this much later at most, in ms: one question and its limit. */
const HEARTBEAT_MS = 1_000;
const HEARTBEAT_LIMIT_MS = 500;
/** Between two attempts to connect, in ms. Answers are not cached meanwhile, so it may be as short as at start. */
const RECONNECT_PAUSE_MS = 100;

/**
 * Hears of every batch that any process commits, on a connection of its own. Measured on one machine at load 9: 0.01 ms
 * after the writer itself heard of its commit at the median, 3.2 ms at p99, 4.9 ms at most (n = 300).
 */
export class DataListener {
  readonly #stopped = new AbortController();
  #connection: Connection | undefined;
  #listening: Promise<void> | undefined;
  #isCurrent = false;
  #isLossTold = false;

  /** @param onLoss is told once of each outage */
  constructor(
    readonly config: Config,
    readonly version: DataVersion,
    readonly onLoss: (error: unknown) => void,
  ) {}

  /** Whether every commit is heard of now: only then may an answer be kept. */
  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  /** Begins to listen, and goes on until it is stopped, whatever the database does. */
  start(): void {
    this.#listening ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#connection?.cut(new Error("stopped"));
    await this.#listening;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await this.#listen().catch((error: unknown) => this.#tellLoss(error));
      await delay(RECONNECT_PAUSE_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** Ends by throwing when the connection is lost. */
  async #listen(): Promise<never> {
    const connection = new Connection(connectionOptions(this.config));
    this.#connection = connection;
    connection.on("notification", ({ payload }) => this.version.note(Number(payload)));
    connection.on("end", () => {
      this.#isCurrent = false;
    });
    try {
      await connection.connect();
      await connection.verify(this.config);
      await connection.ask(LISTEN, HEARTBEAT_LIMIT_MS);
      // What was committed while nobody listened is in the version that is read after LISTEN.
      await this.#readVersion(connection);
      this.version.renew();
      this.#isCurrent = !connection.isCut;
      this.#isLossTold = false;
      for (;;) {
        await delay(HEARTBEAT_MS, undefined, { signal: this.#stopped.signal });
        await this.#readVersion(connection);
      }
    } finally {
      this.#isCurrent = false;
      connection.cut(new Error("no longer listened to"));
    }
  }

  #tellLoss(error: unknown): void {
    if (!this.#isLossTold && !this.#stopped.signal.aborted) this.onLoss(error);
    this.#isLossTold = true;
  }

  async #readVersion(connection: Connection): Promise<void> {
    const before = this.version.newest;
    const [row] = await connection.ask<{ version: string }>(VERSION, HEARTBEAT_LIMIT_MS);
    if (row) this.version.take(Number(row.version), before);
  }
}

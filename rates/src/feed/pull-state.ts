import { setTimeout as delay } from "node:timers/promises";
import { missingMigrations } from "db/migrate";
import type { Config } from "../config";
import { MigrationsMissing } from "../platform/database/failure";
import type { Checkpoint } from "./checkpoint";
import { FeedConnection, NotPassing } from "./feed-connection";
import type { FeedLog } from "./feed-log";
import * as sql from "./queries";
import type { SourceName } from "./source";

/** Another process pulls into the same database. */
class AlreadyRunning extends NotPassing {
  override readonly name = "AlreadyRunning";
  constructor() {
    super("Another pull into this database is under way: wait for it, or end it.");
  }
}

/** A row of `ingestion_state`. */
interface StateRow {
  readonly part: number;
  readonly upstream: string;
  readonly since: number | null;
  readonly until: number | null;
  readonly source: SourceName | null;
  readonly cursor: string | null;
  readonly previousCursor: string | null;
  readonly lowWater: number | null;
  readonly isBroken: boolean;
  readonly pages: number;
  readonly nameless: number;
  readonly total: number | null;
  readonly isComplete: boolean;
}

/** What is known of a pull from its checkpoints. */
export interface PullState {
  readonly upstream: string | undefined;
  readonly total: number | undefined;
  readonly isComplete: boolean;
  readonly parts: readonly Checkpoint[];
}

/** A killed process keeps its lock until the server has heard of its end: tenths of a second, or what a statement takes. */
const LOCK_PATIENCE_MS = 5_000;
const LOCK_PAUSE_MS = 50;
const PULL_PART = 0;

/** The pull as the database knows it. The connection holds the lock that keeps two pulls apart. */
export class PullStateStore {
  readonly #connection: FeedConnection;

  constructor(config: Config, log: FeedLog) {
    this.#connection = new FeedConnection(config, log, async (connection) => {
      const deadline = performance.now() + LOCK_PATIENCE_MS;
      for (;;) {
        const { rows } = await connection.query<{ taken: boolean }>(sql.LOCK_SQL);
        if (rows[0]?.taken) return;
        if (performance.now() > deadline) throw new AlreadyRunning();
        await delay(LOCK_PAUSE_MS);
      }
    });
  }

  /** @throws {AlreadyRunning} and {MigrationsMissing} */
  async read(): Promise<PullState> {
    const missing = await missingMigrations((text) => this.#connection.ask({ text }));
    if (missing.length > 0) throw new MigrationsMissing(missing);
    const rows = await this.#connection.ask<StateRow>({ text: sql.READ_STATE_SQL });
    const pull = rows.find(({ part }) => part === PULL_PART);
    return {
      upstream: rows[0]?.upstream,
      total: pull?.total ?? undefined,
      isComplete: pull?.isComplete ?? false,
      parts: rows.filter(({ part }) => part > PULL_PART).map(checkpointOf),
    };
  }

  async count(): Promise<number> {
    return (await this.#connection.ask<{ count: number }>({ text: sql.COUNT_EVENTS_SQL }))[0]?.count ?? 0;
  }

  /** Notes what is known of the pull as a whole. It is on disk when this returns, and so is every commit before it. */
  async save(pull: { upstream: string; total: number | undefined; isComplete: boolean }): Promise<void> {
    await this.#connection.persist(async (connection) => {
      await connection.query(sql.BEGIN_DURABLY_SQL);
      await connection.query(sql.SAVE_PULL_SQL, [pull.upstream, pull.total ?? null, pull.isComplete]);
      await connection.query("COMMIT");
    });
  }

  /** Forgets the checkpoints; events stay. */
  async forget(): Promise<void> {
    await this.#connection.ask({ text: sql.FORGET_STATE_SQL });
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

function checkpointOf(row: StateRow): Checkpoint {
  const { part, isBroken, pages, isComplete } = row;
  return {
    part,
    since: row.since ?? undefined,
    until: row.until ?? undefined,
    source: row.source ?? undefined,
    cursor: row.cursor ?? undefined,
    previousCursor: row.previousCursor ?? undefined,
    lowWater: row.lowWater ?? undefined,
    isBroken,
    pages,
    isComplete,
  };
}

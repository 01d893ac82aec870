import { DatabaseError } from "pg";
import type { Config } from "../config";
import type { Connection } from "../platform/database/connection";
import { copyIn } from "../platform/database/copy-in";
import { DatabaseUnavailable } from "../platform/database/failure";
import type { Checkpoint } from "./checkpoint";
import { FeedConnection, NotPassing } from "./feed-connection";
import type { FeedLog } from "./feed-log";
import type { Page } from "./page";
import type { Progress } from "./progress";
import type { PulledEvent } from "./pulled-event";
import * as sql from "./queries";
import { stageRows } from "./stage-rows";

/** Of a page that was stored, how many events were new. */
export type Inserted = number;

interface StoreParts {
  readonly config: Config;
  readonly log: FeedLog;
  readonly progress: Progress;
  /** Which upstream the checkpoints belong to. */
  readonly upstream: string;
  /** Whether each page waits for the disk, whatever PG_SYNC_COMMIT says. */
  readonly isDurable?: boolean;
}

/**
 * The database has lost the newest pages of a part in a crash, with their checkpoints (`synchronous_commit = off`), so the
 * walk has to go back to where the database is.
 */
export class Rewound extends NotPassing {
  override readonly name = "Rewound";
}

/** Stores the pages of one worker, each with its checkpoint in one transaction. */
export class FeedStore implements AsyncDisposable {
  readonly #connection: FeedConnection;
  /** Whether the database may have crashed since the last commit: the connection is a new one. */
  #isNew = false;

  constructor(private readonly parts: StoreParts) {
    this.#connection = new FeedConnection(parts.config, parts.log, async (connection) => {
      await connection.query(sql.CREATE_STAGE_SQL);
      this.#isNew = true;
    });
  }

  /**
   * Stores what is new of a page. It is done when it is committed, however long the database is away; nothing counts twice
   * where nobody knows how an attempt ended.
   * @param at the checkpoint that the page follows
   * @param checkpointOf makes the next one, from how many events were new
   * @throws {Rewound} where the database does not have the checkpoint any more
   */
  async commit(
    page: Page,
    { at, checkpointOf }: { readonly at: Checkpoint; checkpointOf(inserted: Inserted): Checkpoint },
    signal: AbortSignal,
  ): Promise<Inserted> {
    let { events } = page;
    let inserted: number | undefined;
    return await this.#connection.persist(async (connection) => {
      if (this.#isNew && (await this.#standing(connection, at)) === "ahead" && inserted !== undefined) return inserted;
      this.#isNew = false;
      try {
        return await this.#commit(connection, { ...page, events }, (count) => {
          inserted = count;
          return checkpointOf(count);
        });
      } catch (error) {
        if (!isRefusal(error) || events !== page.events) throw error;
        this.parts.log.warn({ reason: String(error) }, "the database refuses a page: storing it escaped");
        events = page.events.map(escapedEvent);
        // The connection is given up with every failure, and the page is tried again.
        throw new DatabaseUnavailable("again, escaped", { cause: error });
      }
    }, signal);
  }

  /** Whether the database is where the walk is, or has taken the page that the walk does not know to be stored. */
  async #standing(connection: Connection, { part, pages }: Checkpoint): Promise<"even" | "ahead"> {
    const { rows } = await connection.query<{ pages: number }>(sql.PAGES_OF_PART_SQL, [part]);
    const stored = rows[0]?.pages ?? 0;
    if (stored < pages) throw new Rewound(`part ${part} has ${stored} pages in the database, not ${pages}`);
    return stored > pages ? "ahead" : "even";
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#connection.close();
  }

  async #commit(connection: Connection, page: Page, checkpointOf: (inserted: number) => Checkpoint): Promise<number> {
    const { progress, upstream } = this.parts;
    const begun = performance.now();
    await connection.query(this.parts.isDurable ? sql.BEGIN_DURABLY_SQL : "BEGIN");
    const inserted = page.events.length === 0 ? 0 : await insert(connection, page.events);
    const written = performance.now();
    const counts = [page.events.length, inserted, page.nameless];
    await connection.query(sql.SAVE_CHECKPOINT_SQL, [...checkpointValues(checkpointOf(inserted), upstream), ...counts]);
    const saved = performance.now();
    await connection.query("COMMIT");
    progress.stored({ insertMs: written - begun, stateMs: saved - written, txMs: performance.now() - begun });
    return inserted;
  }
}

async function insert(connection: Connection, events: readonly PulledEvent[]): Promise<number> {
  await copyIn(connection, sql.COPY_STAGE_SQL, stageRows(events));
  const { rowCount } = await connection.query(sql.INSERT_PULLED_SQL);
  return rowCount ?? 0;
}

function checkpointValues(checkpoint: Checkpoint, upstream: string): unknown[] {
  const { part, since, until, source, cursor, previousCursor, lowWater, isBroken, pages, isComplete } = checkpoint;
  const whole = (ms: number | undefined) => (ms === undefined ? null : Math.ceil(ms));
  const marks = [
    whole(since),
    whole(until),
    source ?? null,
    storable(cursor),
    storable(previousCursor),
    whole(lowWater),
  ];
  return [part, upstream, ...marks, isBroken, pages, isComplete];
}

/** A cursor that PostgreSQL cannot store lives as long as the process. */
function storable(cursor: string | undefined): string | null {
  return cursor === undefined || cursor.includes("\0") ? null : cursor;
}

/** Classes of SQLSTATE: 22 data, 54 limits. */
function isRefusal(error: unknown): boolean {
  return error instanceof DatabaseError && /^(22|54)/.test(error.code ?? "");
}

function escapedEvent(event: PulledEvent): PulledEvent {
  return { ...event, occurredAt: undefined, payload: `{"$escaped":${JSON.stringify(event.payload)}}` };
}

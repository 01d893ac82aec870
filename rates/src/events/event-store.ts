import type { DatabaseError } from "pg";
import type { Config } from "../config";
import { ConnectionPool, type Loan } from "../platform/database/connection-pool";
import { PLANNING } from "../platform/database/database";
import { explained, isLost } from "../platform/database/failure";
import type { Event, Settled } from "./event";
import type { EventRow } from "./event-columns";
import { EventWriter, type Written } from "./event-writer";
import { isCollision, isRefusal } from "./refusal";

/** Groups are committed one after another, and beside them a failure may be simulated. */
const CONNECTIONS = 2;
/** Two groups that meet in a circle are told after a second; a third time in a row would be a fault of ours. */
const MOST_COLLISIONS = 3;
/** As for reads: the server's own limit is given the time to be told. */
const ANSWER_ALLOWANCE_MS = 250;

/** Acknowledged means on disk, whatever the server is set to; plans are made once, since no parameter changes them. */
const WRITING = { synchronous_commit: "on", ...PLANNING };

/** Stores events, each once. */
export class EventStore {
  readonly #pool: ConnectionPool;
  readonly #limit: number;

  constructor(config: Config, onIdleError: (error: Error) => void) {
    this.#pool = new ConnectionPool({ ...config, DATABASE_POOL_MAX: CONNECTIONS }, onIdleError, WRITING);
    this.#limit = config.DATABASE_QUERY_TIMEOUT_MS + ANSWER_ALLOWANCE_MS;
  }

  /**
   * Stores events in the order given and answers when they are durable, in one transaction where the database takes them
   * all. What it refuses is found by halves and kept as failed. Safe to repeat with the same events.
   * @returns what became of each, in the same order
   * @throws {DatabaseUnavailable} when the same call may succeed later
   */
  async store(events: readonly Event[]): Promise<Settled[]> {
    const rows = firstOfEach(events);
    const written = await this.#withWriter((writer) => writeOrHalve(writer, rows));
    return settledOf(events, written);
  }

  /**
   * Stores events in a transaction that fails, and keeps them as failed by another; what was processed before stays so.
   * @returns failed for each, or rejected
   */
  async failToStore(events: readonly Event[]): Promise<Settled[]> {
    const rows = firstOfEach(events);
    let failure = "";
    const written = await this.#withWriter(async (writer) => {
      const failedRows = await writer.fail(rows).then((error) => rows.map((row) => failed(row, error)));
      failure = failedRows.find(({ status }) => status === "failed")?.reason ?? failure;
      return await writer.write(failedRows);
    });
    return settledOf(events, written).map((settled) =>
      settled.status === "processed" ? { ...settled, status: "failed", reason: failure } : settled,
    );
  }

  /** Waits for what is under way and closes the connections. */
  close(): Promise<void> {
    return this.#pool.close();
  }

  /** Once more on a fresh connection where the first was lost: even if that committed, nothing is counted twice. */
  async #withWriter<Result>(work: (writer: EventWriter) => Promise<Result>): Promise<Result> {
    try {
      return await this.#withLoan(work);
    } catch (error) {
      if (!isLost(error)) throw explained(error);
      this.#pool.distrust(performance.now());
      return await this.#withLoan(work).catch((again) => {
        throw explained(again);
      });
    }
  }

  async #withLoan<Result>(work: (writer: EventWriter) => Promise<Result>): Promise<Result> {
    const loan: Loan = await this.#pool.lend();
    try {
      const result = await work(new EventWriter(loan, this.#limit));
      this.#pool.restore(loan);
      return result;
    } catch (error) {
      this.#pool.discard(loan);
      throw error;
    }
  }
}

type WrittenByHash = Map<string, Written>;

/** A refused event must not cost its neighbours anything but time. */
async function writeOrHalve(writer: EventWriter, rows: readonly EventRow[]): Promise<WrittenByHash> {
  if (rows.length === 0) return new Map();
  try {
    return await writeWithoutCollision(writer, rows);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const [only] = rows;
    if (rows.length === 1 && only !== undefined) return await writer.write([failed(only, error)]);
    const middle = Math.ceil(rows.length / 2);
    const first = await writeOrHalve(writer, rows.slice(0, middle));
    return new Map([...first, ...(await writeOrHalve(writer, rows.slice(middle)))]);
  }
}

async function writeWithoutCollision(writer: EventWriter, rows: readonly EventRow[]): Promise<WrittenByHash> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await writer.write(rows);
    } catch (error) {
      if (!isCollision(error) || attempt === MOST_COLLISIONS) throw error;
    }
  }
}

/** The row to keep of an event that was not stored. One that is rejected was never to be counted and stays what it is. */
function failed(row: EventRow, { code }: DatabaseError): EventRow {
  if (row.status === "rejected") return row;
  return { ...row, status: "failed", reason: `the database refused it (SQLSTATE ${code}); send it again` };
}

/** The first event of each hash: what comes after it in the same call is its duplicate. */
function firstOfEach(events: readonly Event[]): Event[] {
  const firsts = new Map<string, Event>();
  for (const event of events) if (!firsts.has(event.hash)) firsts.set(event.hash, event);
  return [...firsts.values()];
}

function settledOf(events: readonly Event[], written: WrittenByHash): Settled[] {
  const seen = new Set<string>();
  return events.map(({ hash }) => {
    const outcome = written.get(hash);
    if (outcome === undefined) throw new Error(`no outcome for the event of hash ${hash}`);
    const isRepeated = seen.has(hash);
    seen.add(hash);
    const { id: eventId, status, reason, isOwn } = outcome;
    return { eventId, status, reason, isDuplicate: isRepeated || !isOwn };
  });
}

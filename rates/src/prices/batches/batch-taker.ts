import { DatabaseError } from "pg";
import type { Config } from "../../config";
import { ConnectionPool } from "../../platform/database/connection-pool";
import { Database } from "../../platform/database/database";
import { DatabaseUnavailable, explained, NoAnswer } from "../../platform/database/failure";
import { ChunkStore } from "./chunk-store";
import { LaneIds, StaleLanes } from "./lane-ids";
import { type Batch, batchByKey, portCodes } from "./ledger";
import { databaseFull, loadTooSlow, otherPayload, tooSlow } from "./limits";
import { load, OutcomeUnknown, type ValidBatch } from "./load";
import { LOCK_SQL } from "./load-statements";
import type { Payload } from "./payload";
import { PortCodes } from "./port-codes";
import { readRows } from "./read-rows";
import { type PayloadType, readerOf } from "./row-readers";
import { RowSink } from "./row-sink";
import { StagedRows } from "./staged-rows";
import { TimeLimit } from "./time-limit";

/** A batch on its way in. */
export interface IncomingBatch {
  readonly key: string;
  readonly type: PayloadType;
  readonly payload: Payload;
}

/** A committed batch, and whether it was committed by an earlier request. */
export interface Outcome {
  readonly batch: Batch;
  readonly isReplay: boolean;
}

const UNIQUE_VIOLATION = "23505";
const DISK_FULL = "53100";
const KEY_CONSTRAINT = "batches_idempotency_key_key";

/** Takes batches in, from the first byte to the durable commit: each whole or not at all, and each key once. */
export class BatchTaker {
  readonly #config: Config;
  readonly #database: Database;
  /** Connections of their own: a batch holds one for seconds, and its statements run longer than any read may. */
  readonly #connections: ConnectionPool;
  readonly #chunks = new ChunkStore();
  readonly #laneIds = new LaneIds();

  constructor(config: Config, onIdleError: (error: Error) => void) {
    this.#config = config;
    this.#database = new Database(config, onIdleError);
    this.#connections = new ConnectionPool({ ...config, DATABASE_POOL_MAX: config.BATCH_MAX_CONCURRENT }, onIdleError, {
      statement_timeout: config.BATCH_TIMEOUT_MS,
    });
  }

  /**
   * Takes one batch in and answers when it is durable.
   * @throws {Problem} for whatever is wrong with it, {DatabaseUnavailable} when it may be sent again
   */
  async take({ key, type, payload }: IncomingBatch): Promise<Outcome> {
    using time = new TimeLimit(this.#config.BATCH_TIMEOUT_MS);
    time.whenOver(() => payload.stop(tooSlow(this.#config.BATCH_TIMEOUT_MS)));
    const [known, codes] = await Promise.all([batchByKey(this.#database, key), portCodes(this.#database)]);
    if (known !== undefined) return replayed(known, await checksumOf(payload));
    using lent = this.#chunks.lend();
    await using rows = new StagedRows(lent.chunk, this.#config.SPOOL_DIR);
    const sink = new RowSink(new PortCodes(codes), lent.chunk);
    const maxRows = this.#config.BATCH_MAX_ROWS;
    await readRows({ payload, reader: readerOf(type, sink), sink, rows, maxRows });
    const batch = {
      key,
      checksum: payload.checksum(),
      rowCount: sink.rows,
      rows,
      lanes: sink.laneCodes(),
    };
    return await this.#commit(batch, time);
  }

  /** Closes the connections. Batches that still run fail. */
  async close(): Promise<void> {
    await Promise.all([this.#connections.close(), this.#database.close()]);
  }

  /** Loads the batch, and settles every end a load can have. */
  async #commit(batch: ValidBatch, time: TimeLimit): Promise<Outcome> {
    try {
      const committed = await this.#load(batch, time).catch((error) => {
        if (error instanceof StaleLanes) return this.#load(batch, time);
        throw error;
      });
      return { batch: committed, isReplay: false };
    } catch (error) {
      if (time.isOver) throw loadTooSlow(this.#config.BATCH_TIMEOUT_MS, error);
      if (codeOf(error) === DISK_FULL) throw databaseFull(error);
      if (isKeyTaken(error)) return await this.#settle(batch, { isOwn: false, error });
      if (error instanceof OutcomeUnknown) return await this.#settle(batch, { isOwn: true, error });
      throw explained(error);
    }
  }

  async #load(batch: ValidBatch, time: TimeLimit): Promise<Batch> {
    const connection = await this.#connections.lend();
    time.whenOver(() => connection.cut(new NoAnswer(this.#config.BATCH_TIMEOUT_MS)));
    try {
      const committed = await load(connection, batch, this.#laneIds);
      this.#connections.restore(connection);
      return committed;
    } catch (error) {
      // Rolls back, however far it came.
      this.#connections.discard(connection);
      throw error;
    } finally {
      time.whenOver(() => {});
    }
  }

  /** Answers from the ledger what became of a key, once no transaction is left that could still change it. */
  async #settle(batch: ValidBatch, { isOwn, error }: { isOwn: boolean; error: unknown }): Promise<Outcome> {
    if (isOwn) await this.#untilMerged();
    const found = await batchByKey(this.#database, batch.key);
    if (found !== undefined && found.checksum === batch.checksum && isOwn) return { batch: found, isReplay: false };
    if (found !== undefined) return replayed(found, batch.checksum);
    const reason = "The connection to the database was lost during COMMIT, and the batch is not in; send it again.";
    throw new DatabaseUnavailable(reason, { cause: error });
  }

  /** A transaction that was cut off holds the merge's lock until it has ended one way or the other. */
  async #untilMerged(): Promise<void> {
    const connection = await this.#connections.lend().catch((error) => {
      throw explained(error);
    });
    try {
      await connection.ask({ text: LOCK_SQL }, this.#config.DATABASE_QUERY_TIMEOUT_MS);
      this.#connections.restore(connection);
    } catch (error) {
      this.#connections.discard(connection);
      throw explained(error);
    }
  }
}

async function checksumOf(payload: Payload): Promise<string> {
  for await (const _piece of payload.pieces());
  return payload.checksum();
}

function replayed(known: Batch, checksum: string): Outcome {
  if (known.checksum !== checksum) throw otherPayload();
  return { batch: known, isReplay: true };
}

function isKeyTaken(error: unknown): boolean {
  return error instanceof DatabaseError && codeOf(error) === UNIQUE_VIOLATION && error.constraint === KEY_CONSTRAINT;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined;
}

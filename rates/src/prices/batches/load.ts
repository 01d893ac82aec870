import type { Connection } from "../../platform/database/connection";
import { copyIn } from "../../platform/database/copy-in";
import type { LaneCodes, LaneIds } from "./lane-ids";
import { LaneMonthRows } from "./lane-month-rows";
import { BATCH_BY_KEY_SQL, type Batch } from "./ledger";
import * as sql from "./load-statements";
import { RawRows } from "./raw-rows";
import type { StagedRows } from "./staged-rows";

/** A payload that was read and found valid. */
export interface ValidBatch {
  readonly key: string;
  readonly checksum: string;
  readonly rowCount: number;
  readonly rows: StagedRows;
  /** The lanes that the rows refer to by number. */
  readonly lanes: readonly LaneCodes[];
}

/** The connection was lost while the server was committing: only the server knows how it ended. */
export class OutcomeUnknown extends Error {
  override readonly name = "OutcomeUnknown";
}

/** What was sent and what the database holds of it differ: a fault of ours or of the machine. */
class CheckFailed extends Error {
  override readonly name = "CheckFailed";
}

/**
 * Loads a batch in one transaction. After an error the connection is of no further use, and with it the transaction
 * is rolled back.
 * @throws {OutcomeUnknown} when it may be committed nevertheless, {StaleLanes} when it can be tried again at once
 */
export async function load(connection: Connection, batch: ValidBatch, laneIds: LaneIds): Promise<Batch> {
  const ids = await laneIds.resolve(connection, batch.lanes);
  await connection.query(sql.BEGIN_SQL);
  const { id, epoch } = await insertBatch(connection, batch);
  laneIds.verify(epoch);
  await copyRows(connection, batch, { id, ids });
  await connection.query(sql.LOCK_SQL);
  await connection.query(sql.MERGE_SQL);
  const version = (await one<{ version: string }>(connection, sql.RAISE_VERSION_SQL)).version;
  await connection.query(sql.FINISH_BATCH_SQL, [id, version]);
  const loaded = await one<Batch>(connection, BATCH_BY_KEY_SQL, [batch.key]);
  await commit(connection);
  return loaded;
}

function insertBatch(connection: Connection, { key, checksum, rowCount }: ValidBatch) {
  const values = [key, Buffer.from(checksum, "hex"), rowCount, checksum];
  return one<{ id: string; epoch: string }>(connection, sql.INSERT_BATCH_SQL, values);
}

async function copyRows(
  connection: Connection,
  { rows, rowCount }: ValidBatch,
  { id, ids }: { id: string; ids: Int32Array },
): Promise<void> {
  const raw = new RawRows({ batchId: BigInt(id), laneIds: ids });
  const copied = await copyIn(connection, sql.COPY_RAW_SQL, raw.pieces(rows));
  await connection.query(sql.CREATE_STAGE_SQL);
  const months = new LaneMonthRows(ids);
  await copyIn(connection, sql.COPY_STAGE_SQL, months.pieces(rows));
  const stage = await one<{ rows: string; sum: string }>(connection, sql.CHECK_STAGE_SQL);
  verify(raw.check, { rows: BigInt(copied), sum: raw.check.sum }, "the rows that were sent and those that were copied");
  verify(raw.check, { rows: BigInt(rowCount), sum: raw.check.sum }, "the rows that were sent and those that were read");
  verify(raw.check, { rows: BigInt(stage.rows), sum: BigInt(stage.sum) }, "the rows and the stage");
  const difference = raw.check.differenceTo(months.check);
  if (difference !== undefined) throw new CheckFailed(`the rows and their totals differ in ${difference}`);
}

interface Sums {
  readonly rows: bigint;
  readonly sum: bigint;
}

function verify(expected: Sums, found: Sums, what: string): void {
  if (found.rows === expected.rows && found.sum === expected.sum) return;
  const numbers = `${expected.rows} and ${found.rows} rows, sums ${expected.sum} and ${found.sum}`;
  throw new CheckFailed(`${what} differ: ${numbers}; nothing was committed`);
}

async function commit(connection: Connection): Promise<void> {
  try {
    await connection.query("COMMIT");
  } catch (cause) {
    throw new OutcomeUnknown("the connection was lost during COMMIT", { cause });
  }
}

async function one<Row extends object>(connection: Connection, text: string, values: unknown[] = []): Promise<Row> {
  const { rows } = await connection.query<Row & Record<string, unknown>>(text, values);
  const [row] = rows;
  if (row === undefined)
    throw new Error(`a statement that gives one row gave ${rows.length}: ${text.trim().slice(0, 40)}`);
  return row;
}

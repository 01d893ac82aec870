import type { QueryResultRow } from "pg";
import type { Database } from "../../platform/database/database";
import type { LaneCodes } from "./lane-ids";

/** A committed batch. */
export interface Batch {
  readonly batch_id: number;
  readonly idempotency_key: string;
  readonly rows: number;
  /** SHA-256 of the decoded payload in hexadecimal digits. */
  readonly checksum: string;
  /** Version of the data from which on they hold this batch. */
  readonly data_version: number;
  readonly committed_at: string;
}

const COLUMNS = `
  id::double precision AS batch_id, idempotency_key, rows::double precision AS rows, checksum,
  data_version::double precision AS data_version,
  to_char(committed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS committed_at`;

export const BATCH_BY_KEY_SQL = `SELECT ${COLUMNS} FROM batches WHERE idempotency_key = $1`;
const BATCH_BY_ID_SQL = `SELECT ${COLUMNS} FROM batches WHERE id = $1`;
/** Parameters: $1 an id, $2 how many. */
const BATCHES_SQL = `SELECT ${COLUMNS} FROM batches WHERE id < $1 ORDER BY id DESC LIMIT $2`;

/** The batch that a key is bound to. */
export async function batchByKey(database: Database, key: string): Promise<Batch | undefined> {
  return (await database.read<Batch>({ name: "batch-by-key", text: BATCH_BY_KEY_SQL, values: [key] }))[0];
}

export async function batchById(database: Database, id: number): Promise<Batch | undefined> {
  return (await database.read<Batch>({ name: "batch-by-id", text: BATCH_BY_ID_SQL, values: [id] }))[0];
}

/** Batches with ids below `before`, the newest first. */
export function batchesBefore(
  database: Database,
  { before, limit }: { before: number; limit: number },
): Promise<Batch[]> {
  return database.read<Batch>({ name: "batches", text: BATCHES_SQL, values: [before, limit] });
}

const PORT_CODES_SQL = "SELECT code FROM ports";

/** The codes of all ports. Read for every batch, 0.5 ms for 140 of them, so that a new port is known at once. */
export async function portCodes(database: Database): Promise<string[]> {
  const rows = await database.read<{ code: string }>({ name: "port-codes", text: PORT_CODES_SQL });
  return rows.map(({ code }) => code);
}

const ALL_LANES_SQL = "SELECT orig_code AS orig, dest_code AS dest FROM lanes ORDER BY orig_code, dest_code";

/** Every lane, in the order of its codes. */
export function allLanes(database: Database): Promise<LaneCodes[]> {
  return database.read<LaneCodes & QueryResultRow>({ text: ALL_LANES_SQL });
}

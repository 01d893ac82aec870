import { CHUNK_ROWS } from "./chunk";
import { tooManyRows } from "./limits";
import type { Payload } from "./payload";
import { PayloadWindow, type RowReader } from "./payload-window";
import type { RowSink } from "./row-sink";
import type { StagedRows } from "./staged-rows";

export interface Reading {
  readonly payload: Payload;
  readonly reader: RowReader;
  readonly sink: RowSink;
  readonly rows: StagedRows;
  readonly maxRows: number;
}

/**
 * Reads a payload to its end.
 * @throws {Problem} 422 with every error in it, 413 for too many rows, and what the payload throws
 */
export async function readRows({ payload, reader, sink, rows, maxRows }: Reading): Promise<void> {
  const window = new PayloadWindow();
  for await (const piece of payload.pieces()) {
    window.put(piece);
    reader.read(window);
    if (sink.rows > maxRows) throw tooManyRows(maxRows);
    if (sink.isLost) throw sink.errors.problem();
    if (rows.chunk.size >= CHUNK_ROWS) await rows.spill();
  }
  reader.end(window);
  if (sink.rows > maxRows) throw tooManyRows(maxRows);
  if (sink.rows === 0 && sink.errors.total === 0) {
    sink.errors.add({ row: null, field: null, value: null, reason: "the payload has no rows" });
  }
  if (sink.errors.total > 0) throw sink.errors.problem();
  await rows.finish();
}

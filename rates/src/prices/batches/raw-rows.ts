import { BatchCheck } from "./batch-check";
import type { Chunk } from "./chunk";
import { COPY_BUFFER_BYTES, COPY_HEADER, COPY_TRAILER } from "./copy-format";
import type { StagedRows } from "./staged-rows";

/** Field count, then length and value of batch_id, lane_id, day and price. */
const ROW_BYTES = 2 + (4 + 8) + 3 * (4 + 4);
const ROWS = Math.floor(COPY_BUFFER_BYTES / ROW_BYTES);
const LANE_AT = 2 + 12 + 4;
const DAY_AT = LANE_AT + 8;
const PRICE_AT = DAY_AT + 8;

/** The rows of a batch as COPY takes them, and what they add up to. */
export class RawRows {
  readonly #page = Buffer.alloc(ROWS * ROW_BYTES);
  readonly #view = new DataView(this.#page.buffer, this.#page.byteOffset, this.#page.length);
  readonly #laneIds: Int32Array;
  /** What the rows add up to; complete when the last piece was taken. */
  readonly check = new BatchCheck();

  constructor({ batchId, laneIds }: { batchId: bigint; laneIds: Int32Array }) {
    this.#laneIds = laneIds;
    for (let at = 0; at < this.#page.length; at += ROW_BYTES) this.#prepare(at, batchId);
  }

  /** @returns pieces of a COPY; each is valid until the next is asked for */
  async *pieces(rows: StagedRows): AsyncGenerator<Buffer> {
    yield COPY_HEADER;
    for await (const chunk of rows.chunks()) {
      for (let from = 0; from < chunk.size; from += ROWS) yield this.#encode(chunk, from);
    }
    yield COPY_TRAILER;
  }

  #prepare(at: number, batchId: bigint): void {
    this.#view.setInt16(at, 4);
    this.#view.setInt32(at + 2, 8);
    this.#view.setBigInt64(at + 6, batchId);
    for (const field of [LANE_AT, DAY_AT, PRICE_AT]) this.#view.setInt32(at + field - 4, 4);
  }

  #encode({ lanes, days, prices, size }: Chunk, from: number): Buffer {
    const view = this.#view;
    const to = Math.min(size, from + ROWS);
    let at = 0;
    for (let row = from; row < to; row += 1) {
      const lane = this.#laneIds[lanes[row] as number] as number;
      const day = days[row] as number;
      const price = prices[row] as number;
      this.check.addPrice(lane, day, price);
      view.setInt32(at + LANE_AT, lane);
      view.setInt32(at + DAY_AT, day);
      view.setInt32(at + PRICE_AT, price);
      at += ROW_BYTES;
    }
    return this.#page.subarray(0, at);
  }
}

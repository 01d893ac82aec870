import { BatchCheck } from "./batch-check";
import { COPY_BUFFER_BYTES, COPY_HEADER, COPY_TRAILER } from "./copy-format";
import { dayNumber } from "./field-bytes";
import { RunMerge } from "./run-merge";
import type { StagedRows } from "./staged-rows";

const DAYS_IN_MONTH = 31;
const ARRAY_HEADER_BYTES = 20;
/** Lane, month, and three arrays of 31 entries: dates, integers, bigints. */
const MOST_ROW_BYTES = 2 + 2 * 8 + 3 * (4 + ARRAY_HEADER_BYTES) + DAYS_IN_MONTH * (8 + 8 + 12);
/** Type numbers of PostgreSQL, the same in every version. */
const DATE = 1082;
const INT4 = 23;
const INT8 = 20;

const DAY_MS = 86_400_000;
const EPOCH_MS = Date.UTC(2000, 0, 1);
const TWO_32 = 2 ** 32;
/** Sums are kept below 2^52 with a carry beside, so that doubles hold them exactly. */
const TWO_52 = 2 ** 52;
const CARRY_IN_HIGH = 2 ** 20;

/** The totals of a batch as one row for each lane and month, as COPY takes them. */
export class LaneMonthRows {
  readonly #page = Buffer.alloc(COPY_BUFFER_BYTES + MOST_ROW_BYTES);
  readonly #view = new DataView(this.#page.buffer, this.#page.byteOffset, this.#page.length);
  readonly #days = new Int32Array(DAYS_IN_MONTH);
  readonly #counts = new Int32Array(DAYS_IN_MONTH);
  readonly #sums = new Float64Array(DAYS_IN_MONTH);
  readonly #carries = new Int32Array(DAYS_IN_MONTH);
  #entries = 0;
  #lane = -1;
  #month = 0;
  #nextMonth = 0;
  #at = 0;
  /** What the encoded rows add up to; complete when the last piece was taken. */
  readonly check = new BatchCheck();

  constructor(private readonly laneIds: Int32Array) {}

  /** @returns pieces of a COPY; each is valid until the next is asked for */
  async *pieces(rows: StagedRows): AsyncGenerator<Buffer> {
    yield COPY_HEADER;
    const merge = await RunMerge.of(rows);
    const { totals } = rows.chunk;
    for (let top = merge.top; top !== undefined; top = merge.top) {
      this.#add(totals, top);
      if (!merge.advance()) await merge.refill();
      if (this.#at >= COPY_BUFFER_BYTES) yield this.#take();
    }
    this.#finishRow();
    yield this.#take();
    yield COPY_TRAILER;
  }

  #take(): Buffer {
    const taken = this.#page.subarray(0, this.#at);
    this.#at = 0;
    return taken;
  }

  #add(totals: Int32Array, at: number): void {
    const lane = totals[at] as number;
    const day = totals[at + 1] as number;
    if (lane !== this.#lane || day >= this.#nextMonth) this.#beginRow(lane, day);
    if (this.#entries === 0 || this.#days[this.#entries - 1] !== day) this.#beginEntry(day);
    const entry = this.#entries - 1;
    this.#counts[entry] = (this.#counts[entry] as number) + (totals[at + 2] as number);
    const sum =
      (this.#sums[entry] as number) + (totals[at + 4] as number) * TWO_32 + ((totals[at + 3] as number) >>> 0);
    const carry = sum >= TWO_52 ? 1 : 0;
    this.#sums[entry] = sum - carry * TWO_52;
    this.#carries[entry] = (this.#carries[entry] as number) + carry;
  }

  #beginEntry(day: number): void {
    this.#days[this.#entries] = day;
    this.#counts[this.#entries] = 0;
    this.#sums[this.#entries] = 0;
    this.#carries[this.#entries] = 0;
    this.#entries += 1;
  }

  #beginRow(lane: number, day: number): void {
    this.#finishRow();
    this.#lane = lane;
    if (day >= this.#month && day < this.#nextMonth) return;
    const date = new Date(EPOCH_MS + day * DAY_MS);
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + 1];
    this.#month = dayNumber(year, month, 1);
    this.#nextMonth = month === 12 ? dayNumber(year + 1, 1, 1) : dayNumber(year, month + 1, 1);
  }

  #finishRow(): void {
    if (this.#entries === 0) return;
    this.#note();
    const view = this.#view;
    view.setInt16(this.#at, 5);
    this.#at += 2;
    this.#putInteger(this.laneIds[this.#lane] as number);
    this.#putInteger(this.#month);
    this.#putArray(DATE, this.#days);
    this.#putArray(INT4, this.#counts);
    this.#putSums();
    this.#entries = 0;
  }

  #note(): void {
    const lane = this.laneIds[this.#lane] as number;
    for (let entry = 0; entry < this.#entries; entry += 1) {
      this.check.addCount(lane, this.#days[entry] as number, this.#counts[entry] as number);
      this.check.addSum(this.#sums[entry] as number);
      for (let carry = this.#carries[entry] as number; carry > 0; carry -= 1) this.check.addSum(TWO_52);
    }
  }

  #putInteger(value: number): void {
    this.#view.setInt32(this.#at, 4);
    this.#view.setInt32(this.#at + 4, value);
    this.#at += 8;
  }

  #putArray(type: number, values: Int32Array): void {
    this.#putArrayHeader(type, 4);
    for (let entry = 0; entry < this.#entries; entry += 1) this.#putInteger(values[entry] as number);
  }

  #putSums(): void {
    this.#putArrayHeader(INT8, 8);
    const view = this.#view;
    for (let entry = 0; entry < this.#entries; entry += 1) {
      const sum = this.#sums[entry] as number;
      view.setInt32(this.#at, 8);
      view.setInt32(this.#at + 4, Math.floor(sum / TWO_32) + (this.#carries[entry] as number) * CARRY_IN_HIGH);
      view.setUint32(this.#at + 8, sum % TWO_32);
      this.#at += 12;
    }
  }

  /** Length in bytes, then dimensions, whether there are nulls, type, entries, and the number of the first. */
  #putArrayHeader(type: number, entryBytes: number): void {
    const length = ARRAY_HEADER_BYTES + this.#entries * (4 + entryBytes);
    for (const [index, word] of [length, 1, 0, type, this.#entries, 1].entries()) {
      this.#view.setInt32(this.#at + index * 4, word);
    }
    this.#at += 4 + ARRAY_HEADER_BYTES;
  }
}

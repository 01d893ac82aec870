import { TOTAL_WORDS } from "./chunk";
import type { Run, StagedRows } from "./staged-rows";

const WORD_BYTES = Int32Array.BYTES_PER_ELEMENT;

/** Where a run is being read: its present total is at word `at`. */
interface Cursor {
  readonly base: number;
  at: number;
  end: number;
  /** What has not been read into memory yet. */
  offset: number;
  left: number;
}

/**
 * The runs of a batch as one, in key order: a binary heap of runs by their present total. All of them share the
 * chunk's array for totals, so that memory does not grow with the batch.
 */
export class RunMerge {
  readonly #rows: StagedRows;
  readonly #words: Int32Array;
  readonly #blockWords: number;
  readonly #heap: Cursor[] = [];

  private constructor(rows: StagedRows) {
    this.#rows = rows;
    this.#words = rows.chunk.totals;
    this.#blockWords = Math.floor(rows.chunk.rows / rows.runs.length) * TOTAL_WORDS;
  }

  static async of(rows: StagedRows): Promise<RunMerge> {
    const merge = new RunMerge(rows);
    for (const [index, run] of rows.runs.entries()) await merge.#open(run, index);
    return merge;
  }

  /** Where in the chunk's totals the least total is; undefined after the last. */
  get top(): number | undefined {
    return this.#heap[0]?.at;
  }

  /** Leaves the least total. @returns false when `refill` has to be awaited before the next look at `top` */
  advance(): boolean {
    const cursor = this.#heap[0] as Cursor;
    cursor.at += TOTAL_WORDS;
    if (cursor.at === cursor.end) return false;
    this.#sink(0);
    return true;
  }

  /** Reads on in the run whose totals in memory are used up, or drops it at its end. */
  async refill(): Promise<void> {
    const cursor = this.#heap[0] as Cursor;
    if (cursor.left > 0) await this.#load(cursor);
    else this.#drop();
    this.#sink(0);
  }

  async #open({ offset, totals }: Run, index: number): Promise<void> {
    if (totals === 0) return;
    const base = index * this.#blockWords;
    const cursor = { base, at: base, end: base, offset, left: totals * TOTAL_WORDS };
    await this.#load(cursor);
    this.#heap.push(cursor);
    this.#rise(this.#heap.length - 1);
  }

  async #load(cursor: Cursor): Promise<void> {
    const words = Math.min(cursor.left, this.#blockWords);
    cursor.at = cursor.base;
    cursor.end = cursor.base + words;
    await this.#rows.readTotals(this.#words.subarray(cursor.base, cursor.end), cursor.offset);
    cursor.offset += words * WORD_BYTES;
    cursor.left -= words;
  }

  #drop(): void {
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) this.#heap[0] = last;
  }

  #isLess(a: Cursor, b: Cursor): boolean {
    const words = this.#words;
    const lanes = (words[a.at] as number) - (words[b.at] as number);
    return lanes === 0 ? (words[a.at + 1] as number) < (words[b.at + 1] as number) : lanes < 0;
  }

  #rise(from: number): void {
    const heap = this.#heap;
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#isLess(heap[at] as Cursor, heap[parent] as Cursor)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(from: number): void {
    const heap = this.#heap;
    for (let at = from; ; ) {
      let least = 2 * at + 1;
      if (least >= heap.length) return;
      if (least + 1 < heap.length && this.#isLess(heap[least + 1] as Cursor, heap[least] as Cursor)) least += 1;
      if (!this.#isLess(heap[least] as Cursor, heap[at] as Cursor)) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #swap(a: number, b: number): void {
    const cursor = this.#heap[a] as Cursor;
    this.#heap[a] = this.#heap[b] as Cursor;
    this.#heap[b] = cursor;
  }
}

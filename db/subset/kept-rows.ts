import type { DumpCopy } from "../dump/parts";
import { RowCursor } from "./row-cursor";
import type { Selection } from "./selection";

/** The rows of a COPY block that are kept, byte for byte and in their order. */
export class KeptRows {
  readonly #copy: DumpCopy;
  readonly #row: RowCursor;
  readonly #isKept: () => boolean;
  #count = 0;

  constructor(copy: DumpCopy, selection: Selection) {
    this.#copy = copy;
    this.#row = new RowCursor(copy);
    this.#isKept = selection.keeping(copy.table, this.#row);
  }

  /** Rows taken so far. */
  get count(): number {
    return this.#count;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    for await (const rows of this.#copy.rows) {
      const kept = this.#keptOf(rows);
      if (kept.length > 0) yield kept;
    }
  }

  /** Copies runs of kept rows together: thousands of pieces of a row each would take longer to write than to choose. */
  #keptOf(rows: Buffer): Buffer {
    const kept = Buffer.allocUnsafe(rows.length);
    let length = 0;
    let from = 0;
    this.#row.enter(rows);
    while (this.#row.next()) {
      if (this.#isKept()) {
        this.#count += 1;
      } else {
        // Most calls would copy nothing, and a call costs more than a row.
        if (this.#row.start > from) length += rows.copy(kept, length, from, this.#row.start);
        from = this.#row.end;
      }
    }
    length += rows.copy(kept, length, from);
    return kept.subarray(0, length);
  }
}

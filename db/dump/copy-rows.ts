import { type Fault, MAKE_AGAIN } from "./error";
import type { DumpProgress } from "./parts";
import type { RowCheck } from "./row-check";
import type { TableName } from "./schema";
import type { DumpSource } from "./source";

/** The line that ends a COPY block. */
const END_MARK = Buffer.from("\\.\n");
const INNER_END_MARK = Buffer.from("\n\\.\n");

export interface CopyRowsOptions {
  readonly source: DumpSource;
  readonly table: TableName;
  readonly check: RowCheck;
  readonly fault: Fault;
  onProgress?: ((done: DumpProgress) => void) | undefined;
}

/** The rows of a COPY block, read and checked as they are taken. */
export class CopyRows implements AsyncIterable<Buffer> {
  readonly #options: CopyRowsOptions;
  #count = 0;
  #hasEnded = false;

  constructor(options: CopyRowsOptions) {
    this.#options = options;
  }

  /** Rows taken so far. */
  get count(): number {
    return this.#count;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    for (let rows = await this.next(); rows; rows = await this.next()) yield rows;
  }

  /** @returns the next rows, undefined after the last */
  async next(): Promise<Buffer | undefined> {
    while (!this.#hasEnded) {
      const rows = this.#checked(await this.#nextLines());
      if (rows.length > 0) return rows;
    }
    return undefined;
  }

  /** Takes what is left. */
  async drain(): Promise<void> {
    while (await this.next());
  }

  async #nextLines(): Promise<Buffer> {
    const { source, table, fault } = this.#options;
    const lines = await source.nextLines();
    if (lines) return lines;
    const found = `the dump ends inside COPY public.${table}, after ${this.#count} rows`;
    throw fault(source.line + 1, `${found}; it looks truncated: ${MAKE_AGAIN}`);
  }

  /** The rows among the lines; what comes after the end mark goes back. */
  #checked(lines: Buffer): Buffer {
    const { source, table, check, onProgress } = this.#options;
    const end = findEndMark(lines);
    const rows = end === -1 ? lines : lines.subarray(0, end);
    const count = check.check(rows, source.line + 1);
    source.countLines(count);
    this.#count += count;
    if (end !== -1) this.#end(lines.subarray(end + END_MARK.length));
    onProgress?.({ table, rows: this.#count, bytes: source.bytes });
    return rows;
  }

  #end(rest: Buffer): void {
    this.#hasEnded = true;
    this.#options.source.countLines(1);
    this.#options.source.unread(rest);
  }
}

function findEndMark(lines: Buffer): number {
  if (lines.subarray(0, END_MARK.length).equals(END_MARK)) return 0;
  const at = lines.indexOf(INNER_END_MARK);
  return at === -1 ? -1 : at + 1;
}

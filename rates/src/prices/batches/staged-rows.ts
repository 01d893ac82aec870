import { type Chunk, TOTAL_WORDS } from "./chunk";
import { SpoolFile } from "./spool-file";

/** Totals in key order: those of one chunk, in the spool file or, where there is no file, in the chunk itself. */
export interface Run {
  readonly offset: number;
  readonly totals: number;
}

interface SpooledChunk {
  readonly offset: number;
  readonly size: number;
}

/** The valid rows of one batch: in the chunk while they fit there, otherwise chunk by chunk in a spool file. */
export class StagedRows implements AsyncDisposable {
  readonly #runs: Run[] = [];
  readonly #chunks: SpooledChunk[] = [];
  #file: SpoolFile | undefined;

  constructor(
    readonly chunk: Chunk,
    private readonly spoolDirectory: string,
  ) {}

  /** The totals, once `finish` was called. */
  get runs(): readonly Run[] {
    return this.#runs;
  }

  /** Makes room in the chunk. */
  async spill(): Promise<void> {
    this.#file ??= await SpoolFile.open(this.spoolDirectory);
    const { lanes, days, prices, totals, size } = this.chunk;
    const count = this.chunk.total();
    const offset = await this.#file.append(lanes.subarray(0, size));
    await this.#file.append(days.subarray(0, size));
    await this.#file.append(prices.subarray(0, size));
    this.#chunks.push({ offset, size });
    this.#runs.push({ offset: await this.#file.append(totals.subarray(0, count * TOTAL_WORDS)), totals: count });
    this.chunk.size = 0;
  }

  /** To be called after the last row. */
  async finish(): Promise<void> {
    if (this.#file !== undefined) await this.spill();
    else this.#runs.push({ offset: 0, totals: this.chunk.total() });
  }

  /** All rows in the order they came, through the one chunk. */
  async *chunks(): AsyncGenerator<Chunk> {
    if (this.#file === undefined) yield this.chunk;
    for (const { offset, size } of this.#chunks) {
      const { lanes, days, prices } = this.chunk;
      for (const [index, column] of [lanes, days, prices].entries()) {
        await this.#file?.read(column.subarray(0, size), offset + index * size * Int32Array.BYTES_PER_ELEMENT);
      }
      this.chunk.size = size;
      yield this.chunk;
    }
  }

  /** Reads totals of a run into an array; where there is no file, they are in the chunk's own already. */
  async readTotals(into: Int32Array, offset: number): Promise<void> {
    await this.#file?.read(into, offset);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.chunk.size = 0;
    await this.#file?.[Symbol.asyncDispose]();
  }
}

import { CHUNK_ROWS, Chunk } from "./chunk";
import { WINDOW_BYTES } from "./payload-window";

/** Bytes of the shortest row, "A,B,2021-01-01,0" with its line end. */
const LEAST_ROW_BYTES = 17;
/** A chunk is looked at after each window, so it has room for a window of the shortest rows beyond its size. */
const ROOM = CHUNK_ROWS + 2 * Math.ceil(WINDOW_BYTES / LEAST_ROW_BYTES);

/** Chunks that are used again: 5 MB made anew for every small batch would cost more than the batch. */
export class ChunkStore {
  readonly #idle: Chunk[] = [];

  /** Lends a chunk until the result is disposed of. */
  lend(): { readonly chunk: Chunk } & Disposable {
    const chunk = this.#idle.pop() ?? new Chunk(ROOM);
    return { chunk, [Symbol.dispose]: () => void this.#idle.push(chunk) };
  }
}

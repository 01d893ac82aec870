import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { type DumpError, type Fault, faultsOf, MAKE_AGAIN } from "./error";
import { refuseForeignFormat } from "./format";

/** One read: big enough that reads cost nothing, small enough that a check of it never blocks the process for long. */
const CHUNK_BYTES = 256 * 1024;

/** No line of these tables comes near; without a limit, a file without line ends would be held whole. */
const LONGEST_LINE = 1024 * 1024;

const NEWLINE = 10;

/** A dump file as lines, read once from the beginning to the end, never held whole. */
export class DumpSource implements AsyncDisposable {
  readonly #handle: FileHandle;
  readonly #fault: Fault;
  readonly #chunks: AsyncIterator<Buffer, undefined>;
  readonly #hash = createHash("sha256");
  /** Read and not yet given out. */
  #pending: Buffer = Buffer.alloc(0);
  #bytes = 0;
  #line = 0;
  #ended = false;

  private constructor(handle: FileHandle, fault: Fault) {
    this.#handle = handle;
    this.#fault = fault;
    this.#chunks = handle.createReadStream({ highWaterMark: CHUNK_BYTES, autoClose: false })[Symbol.asyncIterator]();
  }

  /** @throws DumpError when there is no such file, or when it is not plain text */
  static async open(path: string): Promise<DumpSource> {
    const fault = faultsOf(path);
    const handle = await open(path).catch((cause: unknown) => {
      throw unreadable(fault, cause);
    });
    const source = new DumpSource(handle, fault);
    try {
      await source.#begin();
      return source;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Bytes read so far; all of the file once the last line is out. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many lines have been given out. */
  get line(): number {
    return this.#line;
  }

  /** Of everything read; to be asked once, at the end. */
  sha256(): string {
    return this.#hash.digest("hex");
  }

  /** @returns the next line without its end, undefined after the last one */
  async nextLine(): Promise<string | undefined> {
    const end = await this.#findNewline();
    if (end === -1 && this.#pending.length === 0) return undefined;
    this.#line += 1;
    const line = this.#take(end === -1 ? this.#pending.length : end + 1);
    return line.toString("utf8", 0, end === -1 ? line.length : end);
  }

  /** @returns the whole lines at hand, at least one; undefined where the file ends, though it may end inside a line */
  async nextLines(): Promise<Buffer | undefined> {
    if ((await this.#findNewline()) === -1) return undefined;
    return this.#take(this.#pending.lastIndexOf(NEWLINE) + 1);
  }

  /** Gives back the end of what `nextLines` gave. */
  unread(lines: Buffer): void {
    this.#pending = Buffer.concat([lines, this.#pending]);
  }

  /** Counts lines of `nextLines` that were used. */
  countLines(count: number): void {
    this.#line += count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  async #begin(): Promise<void> {
    const stat = await this.#handle.stat();
    if (!stat.isFile())
      throw this.#fault(0, `this is ${stat.isDirectory() ? "a directory" : "no file"}; name the dump itself`);
    await this.#read();
    if (this.#ended) throw this.#fault(1, `the file is empty; ${MAKE_AGAIN}`);
    refuseForeignFormat(this.#pending, this.#fault);
  }

  /** @returns where the next line end is in what is pending, -1 where there is none to come */
  async #findNewline(): Promise<number> {
    let searched = 0;
    for (;;) {
      const at = this.#pending.indexOf(NEWLINE, searched);
      if (at !== -1 || this.#ended) return at;
      searched = this.#pending.length;
      if (searched > LONGEST_LINE) {
        throw this.#fault(this.#line + 1, `a line of more than ${LONGEST_LINE} bytes; this is no dump of pg_dump`);
      }
      await this.#read();
    }
  }

  async #read(): Promise<void> {
    const { value: read = Buffer.alloc(0) } = await this.#chunks.next();
    this.#ended = read.length === 0;
    this.#bytes += read.length;
    this.#hash.update(read);
    this.#pending = this.#pending.length === 0 ? read : Buffer.concat([this.#pending, read]);
  }

  #take(length: number): Buffer {
    const taken = this.#pending.subarray(0, length);
    this.#pending = this.#pending.subarray(length);
    return taken;
  }
}

function unreadable(fault: Fault, cause: unknown): DumpError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  if (code === "ENOENT") return fault(0, "there is no such file; name a dump that pg_dump has made", { cause });
  return fault(0, `the file cannot be read (${code})`, { cause });
}

import { randomBytes } from "node:crypto";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { Problem } from "../../platform/http/problem";

/**
 * A file for what does not fit in memory. It has no name from the moment it is open, so that it is gone with the
 * process, however that ends.
 */
export class SpoolFile implements AsyncDisposable {
  #size = 0;

  private constructor(readonly file: FileHandle) {}

  /** @throws {Problem} 503 when there can be no file in the directory */
  static async open(directory: string): Promise<SpoolFile> {
    const path = join(directory, `rates-batch-${randomBytes(8).toString("hex")}`);
    try {
      const file = await open(path, "wx+", 0o600);
      await unlink(path);
      return new SpoolFile(file);
    } catch (cause) {
      throw unusable(cause);
    }
  }

  /** Appends bytes. @returns where they begin @throws {Problem} 503 when the disk is full or fails */
  async append(array: Int32Array): Promise<number> {
    const offset = this.#size;
    const bytes = bytesOf(array);
    try {
      for (let done = 0; done < bytes.length; ) {
        done += (await this.file.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
      }
    } catch (cause) {
      throw unusable(cause);
    }
    this.#size += bytes.length;
    return offset;
  }

  /** Fills an array with what was appended. */
  async read(array: Int32Array, offset: number): Promise<void> {
    const bytes = bytesOf(array);
    for (let done = 0; done < bytes.length; ) {
      const { bytesRead } = await this.file.read(bytes, done, bytes.length - done, offset + done);
      if (bytesRead === 0) throw new Error(`the spool file ends at ${offset + done}, before ${offset + bytes.length}`);
      done += bytesRead;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.file.close();
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Int32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function unusable(cause: unknown): Problem {
  const isFull = cause instanceof Error && "code" in cause && (cause.code === "ENOSPC" || cause.code === "EDQUOT");
  const what = isFull ? "is full" : "cannot be written to";
  return new Problem(503, `The directory for large batches (SPOOL_DIR) ${what}; nothing of the batch was taken.`, {
    kind: "spool-unavailable",
    headers: { "Retry-After": "60" },
    cause,
  });
}

import { createHash, randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";

/** A file that was written. */
export interface WrittenFile {
  readonly bytes: number;
  /** In hexadecimal digits. */
  readonly sha256: string;
}

/**
 * Writes a file whole or not at all: under another name in the same folder, which becomes the target's at the end. Two
 * writers of one target do not meet; the last one's file stays.
 * @throws what the content throws, or what the file system says; nothing is left then but a former file
 */
export async function writeWholeFile(target: string, content: AsyncIterable<Buffer>): Promise<WrittenFile> {
  const unfinished = `${target}.${randomBytes(6).toString("hex")}.unfinished`;
  const hash = createHash("sha256");
  let bytes = 0;
  async function* counted(): AsyncGenerator<Buffer, void, undefined> {
    for await (const piece of content) {
      hash.update(piece);
      bytes += piece.length;
      yield piece;
    }
  }
  try {
    // Flushed, so that a target that is there is whole even after a loss of power.
    await pipeline(counted, createWriteStream(unfinished, { flush: true }));
    await rename(unfinished, target);
    return { bytes, sha256: hash.digest("hex") };
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

import { setImmediate as othersTurn } from "node:timers/promises";
import { from as copyFrom } from "pg-copy-streams";
import type { Connection } from "./connection";

/**
 * A socket takes this much and more only when everything before is with the system; less may wait in a queue while the
 * caller fills the same buffer anew.
 */
const SAFE_BYTES = 32_768;

/**
 * Sends one COPY. When it fails, or the pieces do, the connection is of no further use.
 * @param pieces each may be overwritten as soon as the next is asked for
 * @returns how many rows the server took
 */
export async function copyIn(connection: Connection, sql: string, pieces: AsyncIterable<Buffer>): Promise<number> {
  const stream = connection.query(copyFrom(sql));
  // When the server refuses or is lost, the writes that wait are never answered, and a write after that is a TypeError of
  // the library's: the first of the two in a race is what is told.
  const failed = new Promise<never>((_resolve, reject) => stream.once("error", reject));
  failed.catch(() => {});
  for await (const piece of pieces) {
    const own = piece.length < SAFE_BYTES ? Buffer.from(piece) : piece;
    await Promise.race([failed, taken((done) => stream.write(own, done))]);
    // A socket that takes all at once says so at once: without a turn for others a COPY would hold them up to its end.
    await othersTurn();
  }
  await Promise.race([failed, taken((done) => stream.end(done))]);
  return stream.rowCount;
}

function taken(hand: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => hand((error) => (error ? reject(error) : resolve())));
}

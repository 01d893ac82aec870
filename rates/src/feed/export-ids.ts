import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { to as copyTo } from "pg-copy-streams";
import type { Config } from "../config";
import { Connection } from "../platform/database/connection";
import { connectionOptions } from "../platform/database/connection-options";
import { explained } from "../platform/database/failure";
import { COPY_IDS_SQL } from "./queries";

const NEW_LINE = 0x0a;

/**
 * Writes the ids of all pulled events in their order, one a line, as they come from the database: memory stays flat. The
 * file gets its name when it is whole.
 * @param file `-` is standard output
 */
export async function exportIds(config: Config, file: string): Promise<void> {
  const connection = new Connection(connectionOptions(config));
  try {
    await connection.connect();
    await connection.verify(config);
    const { ids, sha256 } = file === "-" ? await write(connection, process.stdout) : await writeFile(connection, file);
    await connection.end();
    console.error(`${ids} ids, sha256 ${sha256}${file === "-" ? "" : `, in ${file}`}`);
  } catch (error) {
    connection.cut(new Error("given up"));
    throw explained(error);
  }
}

async function writeFile(connection: Connection, file: string) {
  const part = `${file}.part`;
  try {
    const written = await write(connection, createWriteStream(part));
    await rename(part, file);
    return written;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

async function write(connection: Connection, target: NodeJS.WritableStream) {
  const hash = createHash("sha256");
  let ids = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      for (let at = chunk.indexOf(NEW_LINE); at !== -1; at = chunk.indexOf(NEW_LINE, at + 1)) ids += 1;
      done(null, chunk);
    },
  });
  await pipeline(connection.query(copyTo(COPY_IDS_SQL)), meter, target, { end: target !== process.stdout });
  return { ids, sha256: hash.digest("hex") };
}

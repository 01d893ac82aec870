import { pipeline } from "node:stream/promises";
import type { Client } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { cancelOnAbort } from "./cancel";
import { explain } from "./explain";
import type { DumpCopy, DumpStatement, DumpSummary } from "./parts";
import { type ReadOptions, readDump } from "./reader";
import { TABLE_NAMES } from "./schema";

export interface LoadOptions extends ReadOptions {
  /** Stops the load, also in the middle of a statement; the promise is then rejected with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * Loads a dump into an empty database, in one transaction: all of it is there in the end, or nothing.
 * @param client connected, in no transaction, free for the time of the load
 * @throws DumpError naming file and line, where the reader or PostgreSQL refuses the data; what PostgreSQL says, where
 * the dump is not to blame (connection lost, disk full)
 */
export async function loadDump(client: Client, path: string, options: LoadOptions = {}): Promise<DumpSummary> {
  options.signal?.throwIfAborted();
  await client.query("BEGIN");
  try {
    await using _cancellation = await cancelOnAbort(client, options.signal);
    const summary = await loadParts(client, path, options);
    // Within the transaction, so that no reader ever plans with the statistics of an empty table.
    await client.query(`ANALYZE ${TABLE_NAMES.map((table) => `public.${table}`).join(", ")}`);
    options.signal?.throwIfAborted();
    await client.query("COMMIT");
    return summary;
  } catch (error) {
    await rollBack(client);
    options.signal?.throwIfAborted();
    throw error;
  }
}

async function loadParts(client: Client, path: string, options: LoadOptions): Promise<DumpSummary> {
  for await (const part of readDump(path, options)) {
    options.signal?.throwIfAborted();
    if (part.kind === "end") return part.summary;
    await loadPart(client, part, options).catch(async (error: unknown) => {
      throw await explain(error, path, part);
    });
  }
  throw new Error(`the reader of ${path} came to no end`);
}

async function loadPart(client: Client, part: DumpStatement | DumpCopy, { signal }: LoadOptions): Promise<void> {
  if (part.kind === "copy") {
    const sql = `COPY public.${part.table} (${part.columns.join(", ")}) FROM STDIN`;
    await pipeline(part.rows, client.query(copyFrom(sql)), signal ? { signal } : {});
  } else {
    // The extended protocol takes one statement at a time, whatever an index of the file may hold.
    const one = { text: part.sql, queryMode: "extended" };
    await client.query(one);
  }
}

/** Where the connection is lost, the server rolls back by itself. */
async function rollBack(client: Client): Promise<void> {
  await client.query("ROLLBACK").catch(() => undefined);
}

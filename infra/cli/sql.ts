import { text } from "node:stream/consumers";
import type { QueryResult } from "pg";
import { findCheckout } from "../copies/checkout";
import { openCopyDatabase } from "../copies/connection";
import { copyOf } from "../copies/copy";
import { Problem } from "../copies/problem";
import { requireRecord } from "../copies/registry";
import { runtimeOf } from "../runtimes/choice";
import { formatTable } from "./table";

export interface SqlOptions {
  /** The statements; undefined reads them from standard input. */
  readonly command?: string;
  readonly json: boolean;
  /** Whether it is the queue's database that is asked. */
  readonly queue: boolean;
}

/** `copy sql NAME -c "..."`: runs statements in the copy's database as the copy's role and prints what they return. */
export async function sql(name: string, options: SqlOptions): Promise<void> {
  const checkout = findCheckout();
  const copy = copyOf(checkout, requireRecord(checkout, name));
  const statements = options.command ?? (await readStatements(name));
  const runtime = runtimeOf(copy.record);
  await using client = await openCopyDatabase(copy, await runtime[options.queue ? "queue" : "database"](copy));
  // Text as PostgreSQL prints it: no day becomes a moment in some time zone, no big number a rounded one.
  const query = { text: statements, types: { getTypeParser: () => (value: string) => value } };
  const answer: QueryResult | QueryResult[] = await client.query(query).catch((cause: Error) => {
    throw new Problem(`PostgreSQL says: ${cause.message}`, { cause });
  });
  const results = Array.isArray(answer) ? answer : [answer];
  if (options.json) console.log(JSON.stringify(results.at(-1)?.rows ?? [], null, 2));
  else for (const result of results) console.log(formatResult(result));
}

async function readStatements(name: string): Promise<string> {
  if (process.stdin.isTTY) {
    throw new Problem(`Say what to run: make sql COPY=${name} SQL="SELECT 'alive'", or give it on standard input.`);
  }
  return text(process.stdin);
}

function formatResult({ rows, fields, command, rowCount }: QueryResult): string {
  if (fields.length === 0) return `${command} ${rowCount ?? ""}`.trimEnd();
  return `${rows.length > 0 ? `${formatTable(rows)}\n` : ""}(${rows.length} ${rows.length === 1 ? "row" : "rows"})`;
}

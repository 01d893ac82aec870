import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { DumpSummary } from "./parts";
import { type ReadOptions, readDump } from "./reader";

/**
 * What psql has to be told before it reads: the dump's own settings are not among the parts. The search path is for the
 * indexes of older versions of pg_dump, whose names have no schema; all other names have one.
 */
export const PSQL_SETTINGS = `SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', 'public', false);
`;

/**
 * Writes a dump anew with nothing in it but tables, rows, keys and indexes, so that psql loads it anywhere: plain
 * pg_dump also writes owners, rights and comments, which name roles that another server does not have.
 * @param target the file to write; after an error it is there in part
 * @returns what the dump read is; size and hash are those of `path`
 * @throws DumpError naming file and line, at the first thing of `path` that is not as expected
 */
export async function writeNormalised(path: string, target: string, options: ReadOptions = {}): Promise<DumpSummary> {
  const read: { summary?: DumpSummary } = {};
  await pipeline(normalised(path, options, read), createWriteStream(target));
  if (!read.summary) throw new Error(`the reader of ${path} came to no end`);
  return read.summary;
}

async function* normalised(
  path: string,
  options: ReadOptions,
  read: { summary?: DumpSummary },
): AsyncGenerator<string | Buffer, void, undefined> {
  yield PSQL_SETTINGS;
  for await (const part of readDump(path, options)) {
    if (part.kind === "end") {
      read.summary = part.summary;
    } else if (part.kind === "statement") {
      yield statementText(part.sql);
    } else {
      yield `COPY public.${part.table} (${part.columns.join(", ")}) FROM stdin;\n`;
      yield* part.rows;
      yield "\\.\n";
    }
  }
}

/** An index is as in the file and may end with a comment, which must not take the semicolon in. */
export function statementText(sql: string): string {
  return sql.includes("--") ? `${sql}\n;\n` : `${sql};\n`;
}

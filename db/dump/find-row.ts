import type { DumpCopy } from "./parts";
import { readDump } from "./reader";
import type { TableName } from "./schema";

export interface SoughtRow {
  readonly table: TableName;
  readonly column: string;
  /** As PostgreSQL shows it. */
  readonly value: string;
  /** 1 for the first row that has it. */
  readonly occurrence: number;
}

/** COPY's escapes (PostgreSQL, "COPY", section "Text Format"), as far as pg_dump writes them. */
const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

/** Reads the dump once more. @returns the row's line, undefined where there is none */
export async function findRow(path: string, sought: SoughtRow): Promise<number | undefined> {
  for await (const part of readDump(path)) {
    if (part.kind === "copy" && part.table === sought.table) return findIn(part, sought);
  }
  return undefined;
}

async function findIn(copy: DumpCopy, { column, value, occurrence }: SoughtRow): Promise<number | undefined> {
  const index = copy.columns.indexOf(column);
  let line = copy.firstRow;
  let seen = 0;
  for await (const rows of copy.rows) {
    for (const row of rows.toString("utf8", 0, rows.length - 1).split("\n")) {
      if (unescaped(row.split("\t")[index]) === value) seen += 1;
      if (seen === occurrence) return line;
      line += 1;
    }
  }
  return undefined;
}

function unescaped(field = ""): string {
  return field.replace(/\\(.)/g, (_all, character: string) => ESCAPES[character] ?? character);
}

import type { TableName } from "./schema";

/** A dump in the order of its file: statements to execute, rows to copy, and at last what it was. */
export type DumpPart = DumpStatement | DumpCopy | DumpEnd;

/** One statement that must be executed. */
export interface DumpStatement {
  readonly kind: "statement";
  /** One statement without its semicolon, written anew from what was recognised; only an index is as in the file. */
  readonly sql: string;
  /** Where it begins. */
  readonly line: number;
}

/** The rows of one table. Those that are not taken before the next part is asked for are checked and dropped. */
export interface DumpCopy {
  readonly kind: "copy";
  readonly table: TableName;
  /** In the order of the rows' fields. */
  readonly columns: readonly string[];
  /** Where the COPY statement begins. */
  readonly line: number;
  /** Where the first row is, or would be. */
  readonly firstRow: number;
  /** Checked rows, many whole lines at a time, in COPY's text format and without its end mark. */
  readonly rows: AsyncIterable<Buffer>;
}

/** The dump is complete and everything in it is as it should be. */
export interface DumpEnd {
  readonly kind: "end";
  readonly summary: DumpSummary;
}

export interface DumpSummary {
  readonly path: string;
  readonly bytes: number;
  /** Of the file, in hexadecimal digits. */
  readonly sha256: string;
  readonly rows: Readonly<Record<TableName, number>>;
}

/** How far the reading has come. */
export interface DumpProgress {
  readonly table: TableName;
  /** Of this table, so far. */
  readonly rows: number;
  /** Of the whole file, so far. */
  readonly bytes: number;
}

import { DatabaseError } from "pg";
import { faultsOf } from "./error";
import { findRow } from "./find-row";
import type { DumpCopy, DumpStatement } from "./parts";
import { isTableName } from "./schema";

/** Data exceptions, violated constraints, and statements that cannot be run (PostgreSQL, appendix A). */
const BLAMES_THE_DUMP = /^(22|23|42)/;

const INSUFFICIENT_PRIVILEGE = "42501";
const UNIQUE_VIOLATION = "23505";
const DUPLICATE_TABLE = "42P07";

/** "COPY prices, line 17, column day: ..."; the word for "line" depends on the server's language. */
const COPY_CONTEXT = /^COPY \S+, \D*(\d+)/;

/** "Key (orig_code)=(XXXXX) is not present in table ..." */
const KEY_DETAIL = /\((\w+)\)=\((.*)\)/s;

/** @returns the error with the file and the line that is to blame, where PostgreSQL's refusal is the dump's fault */
export async function explain(error: unknown, path: string, part: DumpStatement | DumpCopy): Promise<unknown> {
  if (!(error instanceof DatabaseError) || !BLAMES_THE_DUMP.test(error.code ?? "")) return error;
  if (error.code === INSUFFICIENT_PRIVILEGE) return error;
  const line = part.kind === "copy" ? rowLine(error, part) : ((await findOffender(error, path)) ?? part.line);
  const detail = error.detail ? `: ${error.detail}` : "";
  const next = error.code === DUPLICATE_TABLE ? "; load the dump into an empty database" : "";
  return faultsOf(path)(line, `PostgreSQL refuses it: ${error.message}${detail}${next}`, { cause: error });
}

function rowLine(error: DatabaseError, part: DumpCopy): number {
  const row = COPY_CONTEXT.exec(error.where ?? "")?.[1];
  return row ? part.firstRow + Number(row) - 1 : part.line;
}

/** A constraint names a value; its line is where the value stands for the first time, or where a key is doubled. */
async function findOffender(error: DatabaseError, path: string): Promise<number | undefined> {
  const { table, detail = "", code } = error;
  const [, column, value] = KEY_DETAIL.exec(detail) ?? [];
  if (!table || !isTableName(table) || !column || value === undefined) return undefined;
  return findRow(path, { table, column, value, occurrence: code === UNIQUE_VIOLATION ? 2 : 1 });
}

import { isUtf8 } from "node:buffer";
import { type Fault, MAKE_AGAIN, quoted } from "./error";
import { FIELD_RULES, type FieldRule } from "./field";
import { CRLF } from "./format";
import type { ColumnDeclaration } from "./schema";

const TAB = 9;
const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

/** A backslash before a tab, before the line's end, or before a dot, and not itself escaped. */
const FORBIDDEN_ESCAPE = /(?<!\\)(?:\\\\)*\\(?:[\t.]|$)/;

export interface RowCheckOptions {
  /** With its schema, for messages. */
  readonly table: string;
  readonly columns: readonly string[];
  /** One for each column. */
  readonly declarations: readonly ColumnDeclaration[];
  readonly fault: Fault;
}

/** Checks the rows of one COPY block: whole lines in, an error with its line out. */
export class RowCheck {
  readonly #options: RowCheckOptions;
  readonly #rules: readonly FieldRule[];

  constructor(options: RowCheckOptions) {
    this.#options = options;
    this.#rules = options.declarations.map((declaration) => FIELD_RULES[declaration]);
  }

  /**
   * @param lines whole lines, without the end mark
   * @param firstLine the number of the first of them in the file
   * @returns how many rows they are
   */
  check(lines: Buffer, firstLine: number): number {
    this.#refuseForeignBytes(lines, firstLine);
    let rows = 0;
    for (let at = 0; at < lines.length; rows += 1) at = this.#checkRow(lines, at, firstLine + rows);
    return rows;
  }

  /** @returns where the next row begins */
  #checkRow(lines: Buffer, start: number, line: number): number {
    const rules = this.#rules;
    const last = rules.length - 1;
    let at = start;
    for (let index = 0; index <= last; index += 1) {
      at = rules[index]?.end(lines, at) ?? -1;
      if (at === -1 || lines[at] !== (index === last ? NEWLINE : TAB)) throw this.#wrongRow(lines, start, line);
      at += 1;
    }
    return at;
  }

  #wrongRow(lines: Buffer, start: number, line: number): Error {
    const { table, columns, fault } = this.#options;
    const row = lines.toString("utf8", start, lines.indexOf(NEWLINE, start));
    const wrong = FORBIDDEN_ESCAPE.exec(row)?.[0];
    if (wrong) return fault(line, `a row of ${table} has ${quoted(wrong)}, which pg_dump never writes; ${MAKE_AGAIN}`);
    const fields = row.split("\t");
    const index = this.#rules.findIndex(({ end }, at) => !isWhole(fields[at], end));
    if (fields.length === columns.length && index !== -1) return this.#wrongValue(fields[index], index, line);
    const found = `${fields.length} ${fields.length === 1 ? "column" : "columns"}`;
    const expected = `expected ${columns.length} (${columns.join(", ")})`;
    return fault(line, `a row of ${table} has ${found}, ${expected}: ${quoted(row)}`);
  }

  #wrongValue(value = "", index: number, line: number): Error {
    const { table, columns, fault } = this.#options;
    const found = value === "\\N" ? "NULL" : quoted(value);
    return fault(line, `${table}.${columns[index]} is ${found}, expected ${this.#rules[index]?.expected}`);
  }

  #refuseForeignBytes(lines: Buffer, firstLine: number): void {
    const { table, fault } = this.#options;
    const lineOf = (at: number) => firstLine + countLines(lines.subarray(0, at));
    const carriageReturn = lines.indexOf(CARRIAGE_RETURN);
    if (carriageReturn !== -1) throw fault(lineOf(carriageReturn), CRLF);
    const zero = lines.indexOf(0);
    if (zero !== -1) throw fault(lineOf(zero), `a zero byte in a row of ${table}; the file is damaged: ${MAKE_AGAIN}`);
    if (isUtf8(lines)) return;
    const next = `${MAKE_AGAIN} --encoding=UTF8`;
    throw fault(firstLine + linesBeforeForeignText(lines), `a row of ${table} is not UTF-8; ${next}`);
  }
}

function countLines(lines: Buffer): number {
  let count = 0;
  for (let at = lines.indexOf(NEWLINE); at !== -1; at = lines.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}

function linesBeforeForeignText(lines: Buffer): number {
  let count = 0;
  for (let from = 0; from < lines.length; count += 1) {
    const to = lines.indexOf(NEWLINE, from) + 1;
    if (!isUtf8(lines.subarray(from, to))) return count;
    from = to;
  }
  return count;
}

function isWhole(field: string | undefined, end: FieldRule["end"]): boolean {
  const bytes = Buffer.from(`${field ?? ""}\n`);
  return end(bytes, 0) === bytes.length - 1;
}

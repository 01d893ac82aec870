import { CopyRows } from "./copy-rows";
import { type Fault, faultsOf, MAKE_AGAIN, quoted } from "./error";
import { Inventory } from "./inventory";
import type { DumpCopy, DumpEnd, DumpPart, DumpProgress } from "./parts";
import { RowCheck } from "./row-check";
import { type Statement, StatementScanner } from "./scanner";
import { TABLE_NAMES, type TableName } from "./schema";
import { DumpSource } from "./source";
import { type Meaning, recognise } from "./statement";

export interface ReadOptions {
  /** Told after every block of rows, some thousand at a time. */
  onProgress?: ((done: DumpProgress) => void) | undefined;
}

/**
 * Reads a dump that pg_dump made of this schema as plain SQL, from version 9.6 on: shipped or a user's own. It streams,
 * so memory does not grow with the file, and it checks everything on the way: statements, columns, each row's fields.
 * Whether keys are unique and references exist is for the database to say.
 * @throws DumpError naming file and line, at the first thing that is not as expected
 */
export async function* readDump(path: string, options: ReadOptions = {}): AsyncGenerator<DumpPart, void, undefined> {
  await using source = await DumpSource.open(path);
  yield* new DumpReader(path, source, options).parts();
}

const DUMP_THE_TABLES_ALONE =
  "expected only the tables ports, prices and regions with their keys: " +
  `pg_dump ${TABLE_NAMES.map((table) => `--table=public.${table}`).join(" ")}`;

class DumpReader {
  readonly #path: string;
  readonly #source: DumpSource;
  readonly #options: ReadOptions;
  readonly #fault: Fault;
  readonly #scanner: StatementScanner;
  readonly #inventory: Inventory;
  readonly #rows: Record<TableName, number> = { ports: 0, prices: 0, regions: 0 };

  constructor(path: string, source: DumpSource, options: ReadOptions) {
    this.#path = path;
    this.#source = source;
    this.#options = options;
    this.#fault = faultsOf(path);
    this.#scanner = new StatementScanner(this.#fault);
    this.#inventory = new Inventory(this.#fault);
  }

  async *parts(): AsyncGenerator<DumpPart, void, undefined> {
    for (let text = await this.#source.nextLine(); text !== undefined; text = await this.#source.nextLine()) {
      if (this.#scanner.isIdle) this.#inventory.noteLine(text);
      for (const statement of this.#scanner.push(text, this.#source.line)) yield* this.#partsOf(statement);
    }
    yield this.#finish();
  }

  async *#partsOf(statement: Statement): AsyncGenerator<DumpPart, void, undefined> {
    const meaning = recognise(statement);
    if (meaning.kind === "refused") throw this.#refusal(statement, meaning.next);
    this.#inventory.isPlausible = true;
    if (meaning.kind === "copy") yield* this.#copy(statement.line, meaning);
    const sql = this.#sqlOf(statement, meaning);
    if (sql) yield { kind: "statement", sql, line: statement.line };
  }

  /** @returns undefined for what is not to be executed */
  #sqlOf({ line, text }: Statement, meaning: Meaning): string | undefined {
    switch (meaning.kind) {
      case "table":
        return this.#inventory.addTable(line, meaning);
      case "constraint":
        return this.#inventory.addConstraint(line, meaning);
      case "index":
        this.#inventory.addIndex(line, meaning);
        return text;
      case "search path":
        this.#inventory.setSearchPath(meaning);
        return undefined;
      default:
        return undefined;
    }
  }

  async *#copy(line: number, meaning: Extract<Meaning, { kind: "copy" }>): AsyncGenerator<DumpCopy, void, undefined> {
    const { table, declarations } = this.#inventory.addCopy(line, meaning);
    const { columns } = meaning;
    if (!this.#scanner.isIdle) throw this.#fault(line, `COPY public.${table} has more on its line; ${MAKE_AGAIN}`);
    const check = new RowCheck({ table: `public.${table}`, columns, declarations, fault: this.#fault });
    const { onProgress } = this.#options;
    const rows = new CopyRows({ source: this.#source, table, check, fault: this.#fault, onProgress });
    yield { kind: "copy", table, columns, line, firstRow: this.#source.line + 1, rows };
    await rows.drain();
    this.#rows[table] += rows.count;
  }

  #refusal({ line, text }: Statement, next: string | undefined): Error {
    if (next) return this.#fault(line, `unexpected statement ${quoted(text)}; ${next}`);
    if (!this.#inventory.isPlausible) return this.#noDump(line, text);
    return this.#fault(line, `unexpected statement ${quoted(text)}; ${DUMP_THE_TABLES_ALONE}`);
  }

  #noDump(line: number, text: string): Error {
    return this.#fault(line, `this is no dump: it begins with ${quoted(text)}; make one with pg_dump --file=rates.sql`);
  }

  #finish(): DumpEnd {
    const { line, text } = this.#scanner.unfinished;
    if (!this.#scanner.isIdle && !this.#inventory.isPlausible) throw this.#noDump(line, text);
    if (!this.#scanner.isIdle) {
      const found = `the dump ends inside the statement ${quoted(text)} of line ${line}`;
      throw this.#fault(this.#source.line, `${found}; it looks truncated: ${MAKE_AGAIN}`);
    }
    this.#inventory.finish(this.#source.line);
    const { bytes } = this.#source;
    return { kind: "end", summary: { path: this.#path, bytes, sha256: this.#source.sha256(), rows: this.#rows } };
  }
}

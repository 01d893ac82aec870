import { type Fault, MAKE_AGAIN, quoted } from "./error";
import {
  CONSTRAINTS,
  type ColumnDeclaration,
  type Constraint,
  columnsOf,
  isTableName,
  TABLE_NAMES,
  type TableName,
} from "./schema";
import type { Meaning, TableReference } from "./statement";

type Of<Kind extends Meaning["kind"]> = Extract<Meaning, { kind: Kind }>;

/** pg_dump's first and last words. */
const HEADER = "-- PostgreSQL database dump";
const TRAILER = "-- PostgreSQL database dump complete";

/** What of the schema a dump has brought so far. It compares each part with the expected one and says what is missing. */
export class Inventory {
  readonly #fault: Fault;
  readonly #created = new Set<TableName>();
  readonly #filled = new Set<TableName>();
  readonly #constraints = new Set<Constraint>();
  /** PostgreSQL's own search path leads to public. */
  #searchPath: string | undefined = "public";
  #hasTrailer = false;
  /** Whether anything so far looked like a dump. */
  isPlausible = false;

  constructor(fault: Fault) {
    this.#fault = fault;
  }

  /** Looks at a line between statements. */
  noteLine(line: string): void {
    if (line === HEADER) this.isPlausible = true;
    if (line === TRAILER) this.#hasTrailer = true;
  }

  setSearchPath({ schema }: Of<"search path">): void {
    this.#searchPath = schema;
  }

  /** @returns the statement that makes the table */
  addTable(line: number, { of, columns, rest }: Of<"table">): string {
    const table = this.#expectTable(line, of);
    if (this.#created.has(table))
      throw this.#fault(line, `table public.${table} is created a second time; ${MAKE_AGAIN}`);
    const declarations = this.#checkColumns(line, table, columns);
    if (rest) throw this.#fault(line, `table public.${table} is followed by ${quoted(rest)}, expected a plain table`);
    this.#created.add(table);
    return `CREATE TABLE public.${table} (${declarations.join(", ")})`;
  }

  /** @returns the statement that adds the constraint */
  addConstraint(line: number, { of, name, definition }: Of<"constraint">): string {
    const table = this.#expectCreated(line, of);
    const qualified = definition.replace(/ references (?=\S+ \()/, ` references ${this.#searchPath} . `);
    const known = CONSTRAINTS.find((each) => each.table === table && squeezed(each.definition) === squeezed(qualified));
    if (!known) {
      const expected = CONSTRAINTS.filter((each) => each.table === table).map((each) => each.definition);
      const found = `public.${table} has the constraint ${name} ${quoted(definition)}`;
      throw this.#fault(line, `${found}, expected only ${expected.join(" and ")}`);
    }
    this.#constraints.add(known);
    return `ALTER TABLE ONLY public.${table} ADD CONSTRAINT ${name} ${known.definition}`;
  }

  addIndex(line: number, { of }: Of<"index">): void {
    this.#expectCreated(line, of);
  }

  /** @returns the table and what its rows' fields have to be */
  addCopy(line: number, { of, columns }: Of<"copy">): { table: TableName; declarations: ColumnDeclaration[] } {
    const table = this.#expectCreated(line, of);
    const expected = columnsOf(table);
    const declarations = columns
      .map((column) => expected.get(column))
      .filter((declaration) => declaration !== undefined);
    if (new Set(columns).size !== expected.size || declarations.length !== columns.length) {
      const found = `COPY public.${table} has the columns ${columns.join(", ")}`;
      throw this.#fault(line, `${found}, expected ${[...expected.keys()].join(", ")} in any order`);
    }
    this.#filled.add(table);
    return { table, declarations };
  }

  /** @throws DumpError naming the first thing that the dump lacks */
  finish(line: number): void {
    const missing = this.#firstMissing();
    if (!this.#hasTrailer) {
      const cut = `the dump ends without the line ${quoted(TRAILER)}`;
      throw this.#fault(line, `${cut}${missing ? ` and has no ${missing}` : ""}; it looks truncated: ${MAKE_AGAIN}`);
    }
    if (missing) throw this.#fault(line, `the dump is complete, but it has no ${missing}`);
  }

  #firstMissing(): string | undefined {
    const table = TABLE_NAMES.find((name) => !this.#created.has(name));
    if (table) return `table public.${table}; ${MAKE_AGAIN} without --data-only and with all three tables`;
    const unfilled = TABLE_NAMES.find((name) => !this.#filled.has(name));
    if (unfilled) return `rows of public.${unfilled}; ${MAKE_AGAIN} without --schema-only`;
    const constraint = CONSTRAINTS.find((each) => !this.#constraints.has(each));
    if (constraint)
      return `${constraint.definition} on public.${constraint.table}; add it to the database, then ${MAKE_AGAIN}`;
    return undefined;
  }

  #expectTable(line: number, { schema = this.#searchPath, table }: TableReference): TableName {
    if (isTableName(table) && schema === "public") return table;
    if (isTableName(table)) {
      const found = schema ? `table ${table} is in the schema ${schema}` : `table ${table} is in no schema`;
      throw this.#fault(line, `${found}, expected public.${table}`);
    }
    const found = `table ${schema ? `${schema}.` : ""}${table}`;
    const next = TABLE_NAMES.map((name) => `--table=public.${name}`).join(" ");
    throw this.#fault(line, `${found} is unexpected: only ports, prices and regions are; use pg_dump ${next}`);
  }

  #expectCreated(line: number, of: TableReference): TableName {
    const table = this.#expectTable(line, of);
    if (this.#created.has(table)) return table;
    throw this.#fault(line, `public.${table} is used before it is created; ${MAKE_AGAIN} without --data-only`);
  }

  #checkColumns(line: number, table: TableName, found: ReadonlyMap<string, string>): string[] {
    const expected = columnsOf(table);
    const all = [...expected].map(([name, declaration]) => `${name} ${declaration}`);
    const declarations = [...found].map(([name, declaration]) => {
      const wanted = expected.get(name);
      if (wanted?.toLowerCase() === declaration) return `${name} ${wanted}`;
      const next = wanted ? `${name} ${wanted}` : `only the columns ${all.join(", ")}`;
      throw this.#fault(line, `public.${table} has the column ${quoted(`${name} ${declaration}`)}, expected ${next}`);
    });
    const missing = [...expected.keys()].find((name) => !found.has(name));
    if (missing) throw this.#fault(line, `public.${table} lacks the column ${missing}, expected ${all.join(", ")}`);
    return declarations;
  }
}

/** Two spellings of one definition are equal without their spaces. */
function squeezed(definition: string): string {
  return definition.toLowerCase().replaceAll(" ", "");
}

import { type Fault, faultsOf, quoted } from "./error";
import type { DumpCopy, DumpSummary } from "./parts";
import { readDump } from "./reader";
import type { TableName } from "./schema";

/** What the primary and foreign keys of the schema ask of a row. */
interface Keys {
  /** The column that is each row's own. */
  readonly key?: string;
  /** By column: the table that has to have its value as a key. */
  readonly references: Readonly<Record<string, TableName>>;
}

const KEYS: Readonly<Record<TableName, Keys>> = {
  ports: { key: "code", references: { parent_slug: "regions" } },
  prices: { references: { orig_code: "ports", dest_code: "ports" } },
  regions: { key: "slug", references: { parent_slug: "regions" } },
};

/** A value that some row refers to, with where that is said first. */
interface Reference {
  readonly column: string;
  readonly target: TableName;
  readonly line: number;
}

/**
 * Checks a dump to its end, and what otherwise only a server would say: that every key stands once and every reference
 * leads somewhere. For a load that cannot name a line, such as psql in the build of an image. Memory grows with the number
 * of ports and regions, not of prices.
 * @throws DumpError naming file and line, at the first row that is to blame
 */
export async function checkReferences(path: string): Promise<DumpSummary> {
  const seen = new KeysSeen(faultsOf(path));
  for await (const part of readDump(path)) {
    if (part.kind === "copy") await seen.note(part);
    if (part.kind !== "end") continue;
    seen.compare();
    return part.summary;
  }
  throw new Error(`the reader of ${path} came to no end`);
}

class KeysSeen {
  readonly #keys: Readonly<Record<TableName, Set<string>>> = {
    ports: new Set(),
    prices: new Set(),
    regions: new Set(),
  };
  readonly #references = new Map<string, Reference>();

  constructor(readonly fault: Fault) {}

  async note({ table, columns, firstRow, rows }: DumpCopy): Promise<void> {
    let line = firstRow;
    for await (const block of rows) {
      for (const row of block.toString("utf8", 0, block.length - 1).split("\n")) {
        this.#noteRow({ table, columns, line, fields: row.split("\t") });
        line += 1;
      }
    }
  }

  #noteRow({ table, columns, line, fields }: Row): void {
    const { key, references } = KEYS[table];
    columns.forEach((column, index) => {
      const value = fields[index] ?? "";
      if (column === key) this.#noteKey({ table, column, line, value });
      const target = references[column];
      if (target === undefined || value === "\\N") return;
      const name = `${target}\t${value}`;
      if (!this.#references.has(name)) this.#references.set(name, { column: `${table}.${column}`, target, line });
    });
  }

  #noteKey({ table, column, line, value }: Pick<Row, "table" | "line"> & { column: string; value: string }): void {
    const keys = this.#keys[table];
    if (keys.has(value)) throw this.fault(line, `${table}.${column} ${quoted(value)} stands here for the second time`);
    keys.add(value);
  }

  /** Once every table has been read: pg_dump writes them in the order of their names. */
  compare(): void {
    for (const [name, { column, target, line }] of this.#references) {
      const value = name.slice(target.length + 1);
      if (this.#keys[target].has(value)) continue;
      throw this.fault(line, `${column} is ${quoted(value)}, which is not present in table ${target}`);
    }
  }
}

interface Row {
  readonly table: TableName;
  readonly columns: readonly string[];
  readonly line: number;
  readonly fields: readonly string[];
}

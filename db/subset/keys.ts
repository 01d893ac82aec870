import { type Fault, quoted } from "../dump/error";
import type { RowCursor } from "./row-cursor";
import { shown } from "./value";

/** The tables whose rows others refer to. */
export type KeyTable = "ports" | "regions";

const KEY_COLUMNS: Readonly<Record<KeyTable, string>> = { ports: "code", regions: "slug" };

/** The keys of ports and regions, each with the region above it. Memory grows with their number. */
export class Keys {
  readonly #fault: Fault;
  /** The region above is undefined at the top of the tree. */
  readonly #parents: Readonly<Record<KeyTable, Map<string, string | undefined>>> = {
    ports: new Map(),
    regions: new Map(),
  };

  constructor(fault: Fault) {
    this.#fault = fault;
  }

  has(table: KeyTable, key: string): boolean {
    return this.#parents[table].has(key);
  }

  /** @returns what notes the row that the cursor is at; it throws a DumpError on a key that stands there twice */
  noting(table: KeyTable, row: RowCursor): () => void {
    const column = KEY_COLUMNS[table];
    const [key, parent] = [row.fieldOf(column), row.fieldOf("parent_slug")];
    return () => {
      const value = row.value(key) ?? "";
      if (this.has(table, value)) {
        const found = `${table}.${column} ${quoted(shown(value))}`;
        throw this.#fault(row.line, `${found} stands here for the second time`);
      }
      this.#parents[table].set(value, row.value(parent));
    };
  }

  /** The regions that the ports are in, and all above them. */
  regionsAbove(ports: Iterable<string>): Set<string> {
    const regions = new Set<string>();
    for (const port of ports) {
      let region = this.#parents.ports.get(port);
      while (region !== undefined && !regions.has(region)) {
        regions.add(region);
        region = this.#parents.regions.get(region);
      }
    }
    return regions;
  }
}

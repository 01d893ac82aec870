import { type Fault, quoted } from "../dump/error";
import type { TableName } from "../dump/schema";
import type { Keys, KeyTable } from "./keys";
import type { LaneNumbers } from "./lane-numbers";
import type { RowCursor } from "./row-cursor";
import { shown } from "./value";

/** What is kept; where a set is missing, all are. */
export interface Choice {
  /** As the number YYYYMMDD. */
  readonly firstDay: number;
  /** By their numbers. */
  readonly lanes?: ReadonlySet<number>;
  readonly ports?: ReadonlySet<string>;
  readonly regions?: ReadonlySet<string>;
}

export interface SelectionOptions {
  readonly choice: Choice;
  readonly keys: Keys;
  readonly lanes: LaneNumbers;
  readonly fault: Fault;
}

/** Tells the rows that are kept, and sees to it that what they refer to is there. */
export class Selection {
  readonly #options: SelectionOptions;
  /** Whether a lane is kept, by its number; those that no row has asked for are missing. */
  readonly #verdicts: boolean[] = [];

  constructor(options: SelectionOptions) {
    this.#options = options;
  }

  /**
   * @returns what says whether the row that the cursor is at is kept; it throws a DumpError where such a row refers to
   * nothing, since PostgreSQL would name a line of the part instead of the whole
   */
  keeping(table: TableName, row: RowCursor): () => boolean {
    if (table === "prices") return this.#keepingPrices(row);
    return table === "ports" ? this.#keepingPorts(row) : this.#keepingRegions(row);
  }

  #keepingPrices(row: RowCursor): () => boolean {
    const { choice, lanes } = this.#options;
    const day = row.fieldOf("day");
    const laneOf = lanes.numbering(row);
    return () => {
      if (row.day(day) < choice.firstDay) return false;
      const lane = laneOf();
      const known = this.#verdicts[lane];
      return known ?? this.#judge(lane, row.line);
    };
  }

  #keepingPorts(row: RowCursor): () => boolean {
    const { ports } = this.#options.choice;
    const [code, parent] = [row.fieldOf("code"), row.fieldOf("parent_slug")];
    return () => {
      if (ports && !ports.has(row.value(code) ?? "")) return false;
      this.#check(row.line, "ports.parent_slug", ["regions", row.value(parent)]);
      return true;
    };
  }

  #keepingRegions(row: RowCursor): () => boolean {
    const { regions } = this.#options.choice;
    const [slug, parent] = [row.fieldOf("slug"), row.fieldOf("parent_slug")];
    return () => {
      if (regions && !regions.has(row.value(slug) ?? "")) return false;
      this.#check(row.line, "regions.parent_slug", ["regions", row.value(parent)]);
      return true;
    };
  }

  #judge(lane: number, line: number): boolean {
    const { choice, lanes } = this.#options;
    const isKept = choice.lanes?.has(lane) ?? true;
    this.#verdicts[lane] = isKept;
    if (!isKept) return false;
    const [origin, destination] = lanes.codesOf(lane);
    this.#check(line, "prices.orig_code", ["ports", origin]);
    this.#check(line, "prices.dest_code", ["ports", destination]);
    return true;
  }

  #check(line: number, column: string, [table, key]: readonly [KeyTable, string | undefined]): void {
    if (key === undefined || this.#options.keys.has(table, key)) return;
    throw this.#options.fault(line, `${column} is ${quoted(shown(key))}, which is not present in table ${table}`);
  }
}

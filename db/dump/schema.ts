/** The schema that every dump must have: the shipped one's (db/rates.sql), which the migrations build on. */

export type TableName = "ports" | "prices" | "regions";

/** As pg_dump declares a column after its name. */
export type ColumnDeclaration = "text NOT NULL" | "text" | "date NOT NULL" | "integer NOT NULL";

export type Columns = ReadonlyMap<string, ColumnDeclaration>;

const TABLES: ReadonlyMap<string, Columns> = new Map<TableName, Columns>([
  ["ports", columns({ code: "text NOT NULL", name: "text NOT NULL", parent_slug: "text NOT NULL" })],
  [
    "prices",
    columns({
      orig_code: "text NOT NULL",
      dest_code: "text NOT NULL",
      day: "date NOT NULL",
      price: "integer NOT NULL",
    }),
  ],
  ["regions", columns({ slug: "text NOT NULL", name: "text NOT NULL", parent_slug: "text" })],
]);

export const TABLE_NAMES: readonly TableName[] = ["ports", "prices", "regions"];

export interface Constraint {
  readonly table: TableName;
  /** As it is executed. */
  readonly definition: string;
}

/** Each of them is required; its name is the dump's own. */
export const CONSTRAINTS: readonly Constraint[] = [
  { table: "ports", definition: "PRIMARY KEY (code)" },
  { table: "regions", definition: "PRIMARY KEY (slug)" },
  { table: "ports", definition: "FOREIGN KEY (parent_slug) REFERENCES public.regions(slug)" },
  { table: "regions", definition: "FOREIGN KEY (parent_slug) REFERENCES public.regions(slug)" },
  { table: "prices", definition: "FOREIGN KEY (orig_code) REFERENCES public.ports(code)" },
  { table: "prices", definition: "FOREIGN KEY (dest_code) REFERENCES public.ports(code)" },
];

export function isTableName(name: string): name is TableName {
  return TABLES.has(name);
}

export function columnsOf(table: TableName): Columns {
  return TABLES.get(table) ?? new Map();
}

function columns(declarations: Readonly<Record<string, ColumnDeclaration>>): Columns {
  return new Map(Object.entries(declarations));
}

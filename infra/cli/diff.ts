import { readSchema } from "db/schema/read-schema";
import type { Client } from "pg";
import { findCheckout } from "../copies/checkout";
import { openCopyDatabase } from "../copies/connection";
import { type Copy, copyOf } from "../copies/copy";
import { requireRecord } from "../copies/registry";
import { runtimeOf } from "../runtimes/choice";
import { formatTable } from "./table";

/** As `copy plan`: 0 nothing differs, 2 something does, 1 an error. */
const DIFFERENCES_EXIT_CODE = 2;

/** One thing in which two copies differ, as `copy diff --json` prints it; null is not there. */
export interface Difference {
  readonly kind: "revision" | "schema" | "rows";
  /** The table, or the object of the schema. */
  readonly what: string;
  readonly one: string | null;
  readonly other: string | null;
}

/** `copy diff ONE OTHER`: how two copies differ in what they run and hold. */
export async function diff(one: string, other: string, options: { readonly json: boolean }): Promise<void> {
  const checkout = findCheckout();
  const copies = [one, other].map((name) => copyOf(checkout, requireRecord(checkout, name)));
  const [facts = EMPTY, otherFacts = EMPTY] = await Promise.all(copies.map(factsOf));
  const differences = (["revision", "schema", "rows"] as const).flatMap((kind) =>
    compare(kind, facts[kind], otherFacts[kind]),
  );
  if (options.json) console.log(JSON.stringify(differences, null, 2));
  else if (differences.length === 0)
    console.log(`"${one}" and "${other}" run the same revision on the same schema and row counts.`);
  else
    console.log(
      formatTable(
        differences.map(({ kind, what, ...sides }) => ({
          kind,
          what,
          [one]: sides.one ?? "-",
          [other]: sides.other ?? "-",
        })),
      ),
    );
  if (differences.length > 0) process.exitCode = DIFFERENCES_EXIT_CODE;
}

/** Values by what they are values of. */
type Values = ReadonlyMap<string, string>;
type Facts = Readonly<Record<Difference["kind"], Values>>;

const EMPTY: Facts = { revision: new Map(), schema: new Map(), rows: new Map() };

async function factsOf(copy: Copy): Promise<Facts> {
  const runtime = runtimeOf(copy.record);
  const { revision } = await runtime.inspect(copy);
  await using client = await openCopyDatabase(copy, await runtime.database(copy));
  return {
    revision: new Map([["revision", revision ?? "(none)"]]),
    schema: new Map(objectsOf(await readSchema(client)).map((object) => [object, "yes"])),
    rows: await countRows(client),
  };
}

/** One object of the schema each, without the headings between them. */
function objectsOf(schema: string): string[] {
  return schema.split(/\n\n+/).filter((object) => object.trim() !== "" && !object.startsWith("--"));
}

/** Counted, not estimated: a copy that differs by one row differs. */
async function countRows(client: Client): Promise<Values> {
  const { rows: tables } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT LIKE 'pg\\_%' AND schemaname <> 'information_schema' ORDER BY 1`,
  );
  const counts = new Map<string, string>();
  for (const { name } of tables) {
    const { rows } = await client.query<{ count: string }>(`SELECT count(*) AS count FROM ${name}`);
    counts.set(name, rows[0]?.count ?? "0");
  }
  return counts;
}

function compare(kind: Difference["kind"], one: Values, other: Values): Difference[] {
  const keys = [...new Set([...one.keys(), ...other.keys()])].sort();
  return keys
    .filter((what) => one.get(what) !== other.get(what))
    .map((what) => ({ kind, what, one: one.get(what) ?? null, other: other.get(what) ?? null }));
}

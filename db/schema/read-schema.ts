import type { ClientBase } from "pg";
import { SCHEMA_QUERIES } from "./queries";

/** What of a schema its text shows. */
export interface SchemaOptions {
  /** Leaves out the names of constraints and of the indexes behind them, which a user's own dump may have chosen otherwise. */
  readonly withoutConstraintNames?: boolean;
}

/**
 * The schema `public` as text, one object after another in an order that depends on names alone. Made by catalog queries,
 * so no pg_dump is needed. Left out is what differs between databases of one schema: owners, privileges, statistics,
 * the values of sequences.
 */
export async function readSchema(
  client: ClientBase,
  { withoutConstraintNames = false }: SchemaOptions = {},
): Promise<string> {
  const sections: string[] = [];
  // Without public in the path, everything is named with its schema.
  const { rows: paths } = await client.query<{ path: string }>("SELECT current_setting('search_path') AS path");
  await client.query("SET search_path TO pg_catalog");
  try {
    for (const [title, query] of SCHEMA_QUERIES) {
      const { rows } = await client.query<{ text: string; name: string }>(query, [withoutConstraintNames]);
      if (rows.length > 0) sections.push(`-- ${title}\n\n${rows.map(({ text }) => `${text}\n`).join("\n")}`);
    }
  } finally {
    await client.query("SELECT set_config('search_path', $1, false)", [paths[0]?.path]);
  }
  return sections.join("\n");
}

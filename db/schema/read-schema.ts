import type { Client } from "pg";

/**
 * What a database's schema is, as lines in a fixed order: columns, constraints, indexes and views of everything outside
 * PostgreSQL's own schemas. Two databases have the same schema when the lines are the same.
 */
export async function readSchema(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>(SCHEMA_SQL);
  return rows.map(({ line }) => line);
}

const SCHEMA_SQL = `
  WITH relations AS (
    SELECT c.oid, c.relkind, format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
  )
  SELECT format('%s %I %s%s', r.name, a.attname, format_type(a.atttypid, a.atttypmod),
                CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END) COLLATE "C" AS line
  FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT format('%s %s', r.name, pg_get_constraintdef(k.oid)) FROM relations r JOIN pg_constraint k ON k.conrelid = r.oid
  UNION ALL
  SELECT format('%s %s', r.name, pg_get_indexdef(i.indexrelid)) FROM relations r JOIN pg_index i ON i.indrelid = r.oid
  UNION ALL
  SELECT format('%s AS %s', name, pg_get_viewdef(oid)) FROM relations WHERE relkind IN ('v', 'm')
  ORDER BY 1`;

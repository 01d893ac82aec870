import type { Connection } from "infra/copies/connection";
import { type Truth, truthSql, XOR_AGGREGATE_SQL } from "./truth";

/**
 * What a table holds of the events that were there from the start, to be equal to `truthOf` of the upstream.
 * @param table with a column `event_id`, the text of the id
 */
export async function storedTruth(connection: Connection, table = "ingested_events"): Promise<Truth> {
  const { rows: known } = await connection.query<{ xor: string | null }>(
    "SELECT to_regprocedure('pg_temp.xor_of(bigint)')::text AS xor",
  );
  if (known[0]?.xor === null) await connection.query(XOR_AGGREGATE_SQL);
  const { rows } = await connection.query<{ count: string; xor: string; sum: string }>(truthSql(table));
  const { count = "0", xor = "0", sum = "0" } = rows[0] ?? {};
  return { count: Number(count), xor, sum };
}

/** A price as a payload names it. */
export interface StoredPrice {
  readonly orig_code: string;
  readonly dest_code: string;
  readonly day: string;
  readonly price: number;
}

interface Queryable {
  query<Row extends Record<string, unknown>>(sql: string, params: readonly unknown[]): Promise<Row[]>;
}

/** The prices of a batch, in the order in which they lie in the table. */
export function pricesOf(database: Queryable, batchId: number): Promise<StoredPrice[]> {
  return database.query<StoredPrice & Record<string, unknown>>(
    `SELECT orig_code, dest_code, to_char(day, 'YYYY-MM-DD') AS day, price
     FROM raw_prices JOIN lanes ON lanes.id = lane_id WHERE batch_id = $1 ORDER BY raw_prices.ctid`,
    [batchId],
  );
}

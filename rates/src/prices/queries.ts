import type { Database } from "../platform/database/database";
import type { Day } from "./day";

/** A lane and a range of days, both ends included. */
interface LaneRange {
  readonly origin: string;
  readonly destination: string;
  readonly from: Day;
  readonly to: Day;
}

/** The prices of one day: how many, and their sum. */
export interface DayTotal {
  readonly day: Day;
  readonly count: number;
  readonly sum: number;
}

/**
 * Days leave as text, and sums as double precision, which holds every sum of integers below 2^53.
 * Parameters: $1 origin, $2 destination, $3 and $4 first and last day.
 */
const DAY_TOTALS_SQL = `
  SELECT to_char(day, 'YYYY-MM-DD') AS day, count(*)::integer AS count, sum(price)::double precision AS sum
  FROM prices
  WHERE orig_code = $1 AND dest_code = $2 AND day BETWEEN $3::date AND $4::date
  GROUP BY day`;

/** The totals of the days that have prices, in no order. */
export function dayTotals(database: Database, { origin, destination, from, to }: LaneRange): Promise<DayTotal[]> {
  return database.read<DayTotal>({ name: "day-totals", text: DAY_TOTALS_SQL, values: [origin, destination, from, to] });
}

import type { ClientBase } from "pg";

/** What `GET /rates` is asked. */
export interface RatesQuestion {
  readonly origCode: string;
  readonly destCode: string;
  /** YYYY-MM-DD, included. */
  readonly dateFrom: string;
  /** YYYY-MM-DD, included. */
  readonly dateTo: string;
}

/** One day of the answer. */
export interface RatesDay {
  /** YYYY-MM-DD */
  readonly day: string;
  /** The mean; null where there are fewer than three prices. */
  readonly price: number | null;
  /** Null where there are none. */
  readonly count: number | null;
}

/** Where a mean and the float8 nearest to it part: far below a cent, far above what a sum of floats may be off. */
const TOLERANCE = 1e-9;

/** The task's query, word for word, left-joined to every day of the range. */
const TASK_QUERY = `
  SELECT to_char(days.day, 'YYYY-MM-DD') AS day,
         CASE WHEN count >= 3 THEN price END::float8 AS price,
         count::integer AS count
  FROM (SELECT $3::date + n AS day FROM generate_series(0, $4::date - $3::date) n) days
  LEFT JOIN (
    SELECT day, AVG(price) AS price, COUNT(*) AS count
    FROM prices
    WHERE orig_code = $1 AND dest_code = $2 AND day BETWEEN $3 AND $4
    GROUP BY day
  ) rates USING (day)
  ORDER BY days.day DESC`;

const TASK_QUERY_FOR_ALL_LANES = `
  WITH rates AS (
    SELECT orig_code, dest_code, day, AVG(price) AS price, COUNT(*) AS count
    FROM prices
    WHERE day BETWEEN $1 AND $2
    GROUP BY orig_code, dest_code, day
  )
  SELECT orig_code || '>' || dest_code AS lane,
         to_char(days.day, 'YYYY-MM-DD') AS day,
         CASE WHEN count >= 3 THEN price END::float8 AS price,
         count::integer AS count
  FROM (SELECT DISTINCT orig_code, dest_code FROM rates) lanes
  CROSS JOIN (SELECT $1::date + n AS day FROM generate_series(0, $2::date - $1::date) n) days
  LEFT JOIN rates USING (orig_code, dest_code, day)
  ORDER BY orig_code, dest_code, days.day DESC`;

/** What `GET /rates` must answer (DESIGN, section 4), asked of the raw prices. @returns the newest day first */
export async function taskQuery(client: ClientBase, question: RatesQuestion): Promise<RatesDay[]> {
  const { origCode, destCode, dateFrom, dateTo } = question;
  return (await client.query<RatesDay>(TASK_QUERY, [origCode, destCode, dateFrom, dateTo])).rows;
}

/** The same for every lane with a price in the range, in one query. @returns the answers by `orig>dest` */
export async function taskQueryForAllLanes(
  client: ClientBase,
  { dateFrom, dateTo }: Pick<RatesQuestion, "dateFrom" | "dateTo">,
): Promise<Map<string, RatesDay[]>> {
  const { rows } = await client.query<RatesDay & { lane: string }>(TASK_QUERY_FOR_ALL_LANES, [dateFrom, dateTo]);
  const lanes = new Map<string, RatesDay[]>();
  for (const { lane, ...day } of rows) {
    const days = lanes.get(lane);
    if (days) days.push(day);
    else lanes.set(lane, [day]);
  }
  return lanes;
}

/** Compares two answers day by day. @returns a line for each difference, none where they are equal within 1e-9 */
export function differences(expected: readonly RatesDay[], actual: readonly RatesDay[]): string[] {
  const found = new Map(actual.map((day) => [day.day, day]));
  const wanted = new Set(expected.map(({ day }) => day));
  const unexpected = actual.filter(({ day }) => !wanted.has(day)).map(({ day }) => `${day}: not expected at all`);
  const all = [...expected.flatMap((day) => differencesOfDay(day, found.get(day.day))), ...unexpected];
  return all.length > 0 ? all : differenceOfOrder(expected, actual);
}

function differencesOfDay(expected: RatesDay, actual: RatesDay | undefined): string[] {
  if (!actual) return [`${expected.day}: missing`];
  const fields = (["price", "count"] as const).filter((field) => !isSame(expected[field], actual[field]));
  return fields.map((field) => `${expected.day}: ${field} is ${actual[field]}, expected ${expected[field]}`);
}

/** The same days with the same content may still come in another order, or one of them twice. */
function differenceOfOrder(expected: readonly RatesDay[], actual: readonly RatesDay[]): string[] {
  if (actual.length !== expected.length) return [`${actual.length} days, expected ${expected.length}`];
  const at = expected.findIndex(({ day }, index) => actual[index]?.day !== day);
  return at === -1 ? [] : [`${actual[at]?.day}: is in place ${at + 1}, where ${expected[at]?.day} is expected`];
}

function isSame(expected: number | null, actual: number | null): boolean {
  if (typeof expected !== "number" || typeof actual !== "number") return expected === actual;
  return Math.abs(expected - actual) <= TOLERANCE * Math.max(1, Math.abs(expected));
}

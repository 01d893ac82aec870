import type { Database } from "../platform/database/database";
import { GatheredReads } from "../platform/database/gathered-reads";
import type { Day } from "./day";

/** One end of what is asked for: a port, or all ports of a region and of the regions below it. */
export type Place = { readonly code: string } | { readonly region: string };

/** Two places and a range of days, both ends included. */
export interface RatesQuestion {
  readonly origin: Place;
  readonly destination: Place;
  readonly from: Day;
  readonly to: Day;
}

/**
 * Prices by day as PostgreSQL writes them: arrays such as `{2021-01-01,2021-01-03}`, days ascending, the others in step
 * with them. Null where there are none.
 */
export interface Totals {
  /** The data's version; the same in all rows of an answer. */
  readonly version: string;
  readonly days: string | null;
  readonly counts: string | null;
  readonly sums: string | null;
}

/** Arrays stay as PostgreSQL writes them: the answer is text, too. */
const AS_TEXT = { getTypeParser: () => (text: string) => text };

/** Of lanes: what one statement is asked. */
interface LaneQuestion {
  readonly origin: string;
  readonly destination: string;
  /** First day of the first month. */
  readonly from: Day;
  readonly to: Day;
}

/**
 * For each question one row for each month, in no order, or one without days. The version comes from the same snapshot as
 * the totals. Parameters: $1 and $2 codes, $3 first days of first months, $4 last days: arrays, in step with each other.
 */
const LANE_TOTALS_SQL = `
  SELECT number, version, days, counts, sums
  FROM data_version
  CROSS JOIN unnest($1::text[], $2::text[], $3::date[], $4::date[]) WITH ORDINALITY AS asked (orig, dest, first, last, number)
  LEFT JOIN (lanes JOIN lane_months ON lane_id = id)
    ON orig_code = orig AND dest_code = dest AND month BETWEEN first AND last`;

/**
 * One row. UNION, not UNION ALL, so that regions that name each other as parents come to an end.
 * Parameters: $1 and $2 code and region of origin, $3 and $4 of destination, one of each null; $5 first day of the first month, $6 last day.
 */
const PLACES_TOTALS_SQL = `
  WITH RECURSIVE origin_regions AS (
    SELECT $2::text AS slug
    UNION SELECT regions.slug FROM regions JOIN origin_regions ON regions.parent_slug = origin_regions.slug
  ), destination_regions AS (
    SELECT $4::text AS slug
    UNION SELECT regions.slug FROM regions JOIN destination_regions ON regions.parent_slug = destination_regions.slug
  ), origins AS (
    SELECT $1::text AS code UNION SELECT code FROM ports JOIN origin_regions ON parent_slug = slug
  ), destinations AS (
    SELECT $3::text AS code UNION SELECT code FROM ports JOIN destination_regions ON parent_slug = slug
  ), daily AS (
    SELECT day, sum(count) AS count, sum(sum) AS sum
    FROM lanes JOIN lane_months ON lane_id = id AND month BETWEEN $5::date AND $6::date,
      unnest(days, counts, sums) AS daily (day, count, sum)
    WHERE orig_code IN (SELECT code FROM origins) AND dest_code IN (SELECT code FROM destinations)
    GROUP BY day
  )
  SELECT version, days, counts, sums
  FROM data_version, (
    SELECT array_agg(day ORDER BY day) AS days, array_agg(count ORDER BY day) AS counts, array_agg(sum ORDER BY day) AS sums
    FROM daily
  ) AS totals`;

/** Reads what answers are made of. */
export class TotalsReader {
  readonly #database: Database;
  readonly #lanes: GatheredReads<LaneQuestion, Totals[]>;

  /** @param options.most questions of one statement */
  constructor(database: Database, options: { readonly most: number }) {
    this.#database = database;
    this.#lanes = new GatheredReads((questions) => readLanes(database, questions), options);
  }

  /** The totals of whole months that hold the range, in no order; at least one row. */
  read({ origin, destination, from, to }: RatesQuestion): Promise<Totals[]> {
    const months = { from: `${from.slice(0, 8)}01`, to };
    if ("code" in origin && "code" in destination) {
      return this.#lanes.read({ origin: origin.code, destination: destination.code, ...months });
    }
    const values = [...parametersOf(origin), ...parametersOf(destination), months.from, months.to];
    return this.#database.read<Totals>({ name: "places-totals", text: PLACES_TOTALS_SQL, values, types: AS_TEXT });
  }
}

async function readLanes(database: Database, questions: readonly LaneQuestion[]): Promise<Totals[][]> {
  const answers = questions.map((): Totals[] => []);
  const rows = await database.read<Totals & { readonly number: string }>({
    name: "lane-totals",
    text: LANE_TOTALS_SQL,
    values: [
      questions.map(({ origin }) => origin),
      questions.map(({ destination }) => destination),
      questions.map(({ from }) => from),
      questions.map(({ to }) => to),
    ],
    types: AS_TEXT,
  });
  for (const row of rows) answers[Number(row.number) - 1]?.push(row);
  return answers;
}

function parametersOf(place: Place): [string | null, string | null] {
  return "code" in place ? [place.code, null] : [null, place.region];
}

import { differences, type RatesDay, type RatesQuestion, taskQueryForAllLanes } from "db/task-query";
import { ratesQuestionUrl } from "infra/copies/readiness";
import type { Client } from "pg";

/** A copy as the smoke suite needs it: where it answers, and the database its answers have to come from. */
export interface Target {
  readonly baseUrl: string;
  readonly database: Client;
}

/** What a run of the suite has seen; a suite that asked nothing has proved nothing, so the caller checks the numbers. */
export interface Verdict {
  readonly lanesWithPrices: number;
  readonly lanesWithout: number;
  /** One line for every day of an answer that differs from the task's query. Empty is what must hold. */
  readonly wrong: readonly string[];
}

/** How many lanes without a price are asked. */
const EMPTY_LANES = 200;

/** Enough to keep two cores busy, few enough for the smallest copy. */
const CONCURRENCY = 4;

/**
 * The one smoke suite, for every runtime: asks `/rates` for every lane that has prices, and for 200 that have none,
 * over the whole range of the data and a day around it, and compares each day with the task's query.
 */
export async function proveEveryLane({ baseUrl, database }: Target): Promise<Verdict> {
  const range = await rangeOf(database);
  const expected = await taskQueryForAllLanes(database, range);
  const empty = await emptyLanes(database);
  const priced = [...expected.entries()].map(([key, days]) => ({ ...laneOf(key), days }));
  const nothing = allDays(range).map((day) => ({ day, price: null, count: null }));
  const asked = [...priced, ...empty.map((lane) => ({ ...lane, days: nothing }))];
  const wrong = await mapConcurrently(asked, async ({ origCode, destCode, days }) => {
    const question = { ...range, origCode, destCode };
    const found = differences(days, await ask(baseUrl, question));
    return found.map((difference) => `${origCode} to ${destCode}: ${difference}`);
  });
  return { lanesWithPrices: priced.length, lanesWithout: empty.length, wrong: wrong.flat() };
}

type Range = Pick<RatesQuestion, "dateFrom" | "dateTo">;
type Lane = Pick<RatesQuestion, "origCode" | "destCode">;

async function rangeOf(database: Client): Promise<Range> {
  const { rows } = await database.query<Range>(
    `SELECT to_char(min(day) - 1, 'YYYY-MM-DD') AS "dateFrom", to_char(max(day) + 1, 'YYYY-MM-DD') AS "dateTo" FROM prices`,
  );
  const [range] = rows;
  if (!range?.dateFrom) throw new Error("the copy's database holds no prices, so there is nothing to compare");
  return range;
}

async function emptyLanes(database: Client): Promise<Lane[]> {
  const { rows } = await database.query<Lane>(
    `SELECT o.code AS "origCode", d.code AS "destCode" FROM ports o CROSS JOIN ports d
     WHERE NOT EXISTS (SELECT FROM prices p WHERE p.orig_code = o.code AND p.dest_code = d.code)
     ORDER BY md5(o.code || d.code) LIMIT $1`,
    [EMPTY_LANES],
  );
  return rows;
}

async function ask(baseUrl: string, question: RatesQuestion): Promise<RatesDay[]> {
  const url = ratesQuestionUrl(baseUrl, question);
  const response = await fetch(url);
  if (response.status !== 200) throw new Error(`${url} answers ${response.status}: ${await response.text()}`);
  return ((await response.json()) as { rates: RatesDay[] }).rates;
}

function laneOf(key: string): Lane {
  const [origCode = "", destCode = ""] = key.split(">");
  return { origCode, destCode };
}

/** Every day from the last to the first, as text. */
function allDays({ dateFrom, dateTo }: Range): string[] {
  const days: string[] = [];
  for (let time = Date.parse(dateTo); time >= Date.parse(dateFrom); time -= 86_400_000) {
    days.push(new Date(time).toISOString().slice(0, 10));
  }
  return days;
}

async function mapConcurrently<In, Out>(items: readonly In[], work: (item: In) => Promise<Out>): Promise<Out[]> {
  const results: Out[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return results;
}

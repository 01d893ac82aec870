import { differences, type RatesDay, type RatesQuestion, taskQuery } from "db/task-query";
import type { Client } from "pg";
import { Problem } from "./problem";

/**
 * Asks the copy one real question and compares the answer with what the task's query gives on the copy's own database:
 * only then is a copy up.
 * @returns the question that was asked, for the user to repeat
 * @throws Problem showing both answers where they differ
 */
export async function proveRates(baseUrl: string, client: Client): Promise<RatesQuestion> {
  const question = await chooseQuestion(client);
  const url = ratesQuestionUrl(baseUrl, question);
  const [expected, actual] = await Promise.all([taskQuery(client, question), askRates(url)]);
  const found = differences(expected, actual);
  if (found.length > 0) throw new Problem(`${url} does not answer what its database holds:\n${found.join("\n")}`);
  return question;
}

export function ratesQuestionUrl(baseUrl: string, question: RatesQuestion): string {
  const { dateFrom, dateTo, origCode, destCode } = question;
  const query = new URLSearchParams({ date_from: dateFrom, date_to: dateTo, orig_code: origCode, dest_code: destCode });
  return `${baseUrl}/rates?${query}`;
}

/** The lane of the README's example where the data has it, otherwise the first one with a price on the last day. */
async function chooseQuestion(client: Client): Promise<RatesQuestion> {
  const { rows } = await client.query<RatesQuestion>(
    `SELECT orig_code AS "origCode", dest_code AS "destCode", to_char(day - 30, 'YYYY-MM-DD') AS "dateFrom",
            to_char(day, 'YYYY-MM-DD') AS "dateTo"
     FROM prices WHERE day = (SELECT max(day) FROM prices)
     ORDER BY (orig_code, dest_code) = ('CNGGZ', 'EETLL') DESC, orig_code, dest_code LIMIT 1`,
  );
  return rows[0] ?? { origCode: "CNGGZ", destCode: "EETLL", dateFrom: "2021-01-01", dateTo: "2021-01-31" };
}

async function askRates(url: string): Promise<RatesDay[]> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Problem(`${url} answers ${response.status}: ${await response.text()}`);
  return ((await response.json()) as { rates: RatesDay[] }).rates;
}

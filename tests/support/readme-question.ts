import { expect } from "vitest";

/** The question of the README, for the last day of the shipped data. */
const QUESTION = "rates?date_from=2021-01-31&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL";
const ANSWER = '{"rates":[{"count":3,"day":"2021-01-31","price":1154.3333333333333}]}';

/** Asks a copy born from the shipped dump the README's question and expects the README's answer, to the byte. */
export async function expectReadmeAnswer(baseUrl: string | null | undefined): Promise<void> {
  const response = await fetch(`${baseUrl}/${QUESTION}`);
  expect(await response.text()).toBe(ANSWER);
}

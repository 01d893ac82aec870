import { Agent, get } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/** One answer, in ms: when it was asked for, since the first question, and how long it took. */
export interface Timed {
  readonly asked: number;
  readonly took: number;
}

/**
 * Asks at a rate that does not depend on the answers, as many independent clients do, until a work has ended.
 * @throws {Error} when an answer is not 200
 */
export async function askWhile(
  url: string,
  { perSecond, work }: { perSecond: number; work: Promise<unknown> },
): Promise<Timed[]> {
  const agent = new Agent({ keepAlive: true });
  const state = { ends: false };
  const ended = work.finally(() => {
    state.ends = true;
  });
  const begun = performance.now();
  const answers: Promise<Timed>[] = [];
  while (!state.ends) {
    const due = begun + (answers.length * 1_000) / perSecond;
    if (due > performance.now()) await delay(due - performance.now());
    answers.push(ask(url, agent, begun));
  }
  await ended;
  return await Promise.all(answers).finally(() => agent.destroy());
}

/** Asks as fast as the answers come, with several clients, for a time in ms. */
export async function askFully(url: string, { clients, ms }: { clients: number; ms: number }): Promise<Timed[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const begun = performance.now();
  const answers: Timed[] = [];
  const client = async () => {
    while (performance.now() - begun < ms) answers.push(await ask(url, agent, begun));
  };
  await Promise.all(Array.from({ length: clients }, client)).finally(() => agent.destroy());
  return answers;
}

/** The time, in ms, that one in `1 / (1 - share)` answers took longer than. */
export function percentile(answers: readonly Timed[], share: number): number {
  const sorted = answers.map(({ took }) => took).sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}

function ask(url: string, agent: Agent, begun: number): Promise<Timed> {
  const asked = performance.now();
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      response.resume().once("end", () => {
        if (response.statusCode === 200) resolve({ asked: asked - begun, took: performance.now() - asked });
        else reject(new Error(`${url} answered ${response.statusCode}`));
      });
    }).once("error", reject);
  });
}

import { setTimeout as delay } from "node:timers/promises";
import type { RuntimeName } from "infra/copies/registry";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CopiesFolder, copiesFolder } from "../support/copies";
import { randomNumbers, seed } from "../support/random";
import { expectReadmeAnswer } from "../support/readme-question";
import { atScale } from "../support/scale";

const KILLS = atScale({ ci: 5, full: 30 });

/** What the tests are about, for the title of the `describe` that holds them. */
export const KILLED_UP = `an up that is killed with -9 is finished by the next command (${KILLS} kills, SEED=${seed})`;

export interface KilledUpOptions {
  readonly runtime: RuntimeName;
  /** What is left on this machine of any copy in the folder. */
  leftovers(copies: CopiesFolder): Promise<string[]>;
  /** What the machine lacks; then nothing is brought up, and the caller skips the tests. */
  lacks?(): Promise<string | undefined>;
}

/**
 * Each round kills an `up` with -9 at a moment drawn from the time a whole birth takes, then lets the next command,
 * `up` or `down` in turn, finish the job. Even rounds have nothing beside them, so what copies share is made anew; odd
 * ones have another copy beside them, which must not notice.
 */
export function testKilledUps({ runtime, leftovers, lacks }: KilledUpOptions): void {
  const random = randomNumbers(seed);
  let copies: CopiesFolder;
  let birthMs = 0;

  beforeAll(async () => {
    if (await lacks?.()) return;
    copies = copiesFolder({ runtime });
    const begun = performance.now();
    await expectSuccess(copies, "up", "victim");
    birthMs = performance.now() - begun;
    await expectSuccess(copies, "down", "victim");
    expect(await leftovers(copies)).toEqual([]);
  }, 120_000);

  afterAll(() => copies?.[Symbol.asyncDispose]());

  const rounds = Array.from({ length: KILLS }, (_, round) => ({ round, at: random() }));

  test.each(rounds)("round $round, killed after $at of a birth", async ({ round, at }) => {
    const beside = round % 2 === 1;
    if (beside) await expectSuccess(copies, "up", "beside");
    const before = beside ? await copies.status("beside") : undefined;
    await killedUp(copies, at * birthMs);
    await (round % 4 < 2 ? finishWithUp(copies) : finishWithDown(copies));
    if (beside) {
      expect(await copies.status("beside")).toEqual(before);
      await expectSuccess(copies, "down", "beside");
    }
    expect(await leftovers(copies)).toEqual([]);
  });
}

async function expectSuccess(copies: CopiesFolder, ...args: string[]): Promise<void> {
  const { exitCode, all } = await copies.copy(args);
  expect(exitCode, all).toBe(0);
}

async function killedUp(copies: CopiesFolder, afterMs: number): Promise<void> {
  const command = copies.copy(["up", "victim"]);
  await delay(afterMs);
  command.kill("SIGKILL");
  await command;
}

async function finishWithUp(copies: CopiesFolder): Promise<void> {
  await expectSuccess(copies, "up", "victim");
  const status = await copies.status("victim");
  expect(status?.state).toBe("running");
  await expectReadmeAnswer(status?.url);
  await expectSuccess(copies, "down", "victim");
}

async function finishWithDown(copies: CopiesFolder): Promise<void> {
  const known = (await copies.status("victim")) !== undefined;
  const { exitCode, all } = await copies.copy(["down", "victim"]);
  // Killed before it had written anything, there is no copy to remove, and that is what `down` says.
  expect(exitCode, all).toBe(known ? 0 : 1);
  expect(all).toMatch(known ? /is gone, with its data/ : /No copy is called "victim"/);
}

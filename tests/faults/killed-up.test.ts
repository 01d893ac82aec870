import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CopiesFolder, copiesFolder } from "../support/copies";
import { randomNumbers, seed } from "../support/random";
import { expectReadmeAnswer } from "../support/readme-question";
import { atScale } from "../support/scale";

const KILLS = atScale({ ci: 5, full: 30 });
const random = randomNumbers(seed);

/**
 * Each round kills an `up` with -9 at a moment drawn from the time a whole birth takes, then lets the next command,
 * `up` or `down` in turn, finish the job. Even rounds have nothing beside them, so the data server is made anew; odd
 * ones have another copy beside them, which must not notice.
 */
describe(`embedded: an up that is killed with -9 is finished by the next command (${KILLS} kills, SEED=${seed})`, () => {
  let copies: CopiesFolder;
  let birthMs = 0;

  beforeAll(async () => {
    copies = copiesFolder();
    const begun = performance.now();
    expect((await copies.copy(["up", "victim"])).exitCode).toBe(0);
    birthMs = performance.now() - begun;
    expect((await copies.copy(["down", "victim"])).exitCode).toBe(0);
  });

  afterAll(() => copies[Symbol.asyncDispose]());

  const rounds = Array.from({ length: KILLS }, (_, round) => ({ round, at: random() }));

  test.each(rounds)("round $round, killed after $at of a birth", async ({ round, at }) => {
    const beside = round % 2 === 1;
    if (beside) expect((await copies.copy(["up", "beside"])).exitCode).toBe(0);
    const before = beside ? await copies.status("beside") : undefined;
    await killedUp(copies, at * birthMs);
    await (round % 4 < 2 ? finishWithUp(copies) : finishWithDown(copies));
    if (beside) {
      expect(await copies.status("beside")).toEqual(before);
      expect((await copies.copy(["down", "beside"])).exitCode).toBe(0);
    }
    expect(copies.leftovers()).toEqual([]);
  });
});

async function killedUp(copies: CopiesFolder, afterMs: number): Promise<void> {
  const command = copies.copy(["up", "victim"]);
  await delay(afterMs);
  command.kill("SIGKILL");
  await command;
}

async function finishWithUp(copies: CopiesFolder): Promise<void> {
  const { exitCode, all } = await copies.copy(["up", "victim"]);
  expect(exitCode, all).toBe(0);
  const status = await copies.status("victim");
  expect(status?.state).toBe("running");
  await expectReadmeAnswer(status?.url);
  expect((await copies.copy(["down", "victim"])).exitCode).toBe(0);
}

async function finishWithDown(copies: CopiesFolder): Promise<void> {
  const known = (await copies.status("victim")) !== undefined;
  const { exitCode, all } = await copies.copy(["down", "victim"]);
  // Killed before it had written anything, there is no copy to remove, and that is what `down` says.
  expect(exitCode, all).toBe(known ? 0 : 1);
  expect(all).toMatch(known ? /is gone, with its data/ : /No copy is called "victim"/);
}

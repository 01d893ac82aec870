import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { writeChangedDump } from "../support/changed-dump";
import { type CopiesFolder, collect, copiesFolder } from "../support/copies";
import { temporaryFolder } from "../support/folder";
import { randomNumbers, seed } from "../support/random";
import { DOCKER_COPY, dockerLacks, needs } from "../support/runtimes";
import { atScale } from "../support/scale";
import { until } from "../support/until";

/** Images are built for each dump. */
const LIMIT_MS = 300_000;

const KILLS = atScale({ ci: 2, full: 10 });

/** The mean that the shipped dump has, and what a change of every price by a thousand makes of it. */
const [OLD_PRICE, NEW_PRICE] = [1154.3333333333333, 2154.3333333333335];

describe("docker: a reset to a changed dump that is killed with -9", () => {
  const folder = temporaryFolder();
  const dump = join(folder.path, "rates.sql");
  const shipped = readFileSync(join("db", "rates.sql"));
  const random = randomNumbers(seed);
  let copies: CopiesFolder;

  beforeAll(async () => {
    if (await dockerLacks()) return;
    copies = copiesFolder({ runtime: "docker" });
    writeFileSync(dump, shipped);
    await succeed("up", "dev", "--rates-sql", dump);
  }, LIMIT_MS);

  beforeEach(needs("docker", ...DOCKER_COPY));

  afterAll(async () => {
    await copies?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  }, LIMIT_MS);

  async function succeed(...args: readonly string[]): Promise<void> {
    const { exitCode, all } = await copies.copy(args, { timeout: LIMIT_MS });
    expect(exitCode, all).toBe(0);
  }

  async function price(): Promise<unknown> {
    const url = (await copies.status("dev"))?.url;
    const question = "date_from=2021-01-31&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL";
    const answer = (await (await fetch(`${url}/rates?${question}`)).json()) as { rates: { price: number }[] };
    return answer.rates[0]?.price;
  }

  const rounds = Array.from({ length: KILLS }, (_, round) => ({ round, at: random() * 6 }));

  test.each(rounds)(
    `after $at s of exchanging containers: the next up runs on the old data or the new; a reset takes the new (SEED=${seed})`,
    async ({ at }) => {
      writeChangedDump(dump, (before) => before + 1000);
      const command = copies.copy(["reset", "dev"]);
      const output = collect(command);
      await until("its containers to be exchanged", async () => output().includes("❯ Containers"), LIMIT_MS);
      await delay(at * 1_000);
      command.kill("SIGKILL");
      await command;
      await succeed("up", "dev");
      expect([OLD_PRICE, NEW_PRICE]).toContain(await price());
      await succeed("reset", "dev");
      expect(await price()).toBe(NEW_PRICE);
      writeFileSync(dump, shipped);
      await succeed("reset", "dev");
      expect(await price()).toBe(OLD_PRICE);
    },
    LIMIT_MS,
  );
});

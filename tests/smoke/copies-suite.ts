import { join } from "node:path";
import { afterAll, beforeEach, expect, type TestContext, test } from "vitest";
import { writeChangedDump } from "../support/changed-dump";
import { type CopiesFolder, type CopiesOptions, copiesFolder } from "../support/copies";
import { temporaryFolder } from "../support/folder";
import { proveEveryLane } from "./rates-suite";

/** Two births, the first of which may have to build images and bake two dumps into them. */
const BIRTH_LIMIT_MS = 600_000;

export interface SuiteOptions extends CopiesOptions {
  /** Skips the test where the machine lacks something. Nothing is brought up before it has let a test through. */
  readonly requires?: (context: TestContext) => Promise<void>;
}

/**
 * The smoke tests that hold for running copies of any runtime; to be called inside a `describe`.
 * @returns what gives a further test the running copies, `dev` and `changed`
 */
export function describeCopies({ requires, ...options }: SuiteOptions): () => CopiesFolder {
  const folder = temporaryFolder();
  let born: Promise<void> | undefined;
  let copies: CopiesFolder | undefined;

  function running(): CopiesFolder {
    if (!copies) throw new Error("no copy was brought up");
    return copies;
  }

  async function bringUp(): Promise<void> {
    copies = copiesFolder(options);
    const changed = writeChangedDump(join(folder.path, "rates.sql"), (price, line) => price + (line % 7) * 13);
    for (const args of [
      ["up", "dev"],
      ["up", "changed", "--rates-sql", changed],
    ]) {
      const { exitCode, all } = await copies.copy(args, { timeout: BIRTH_LIMIT_MS });
      expect(exitCode, all).toBe(0);
    }
  }

  beforeEach(async (context) => {
    await requires?.(context);
    born ??= bringUp();
    await born;
  }, BIRTH_LIMIT_MS);

  afterAll(async () => {
    await copies?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  test.each(["dev", "changed"])("copy %s: every lane with prices, and 200 without", async (name) => {
    const baseUrl = (await running().status(name))?.url ?? "";
    await using database = await running().connect(name);
    const verdict = await proveEveryLane({ baseUrl, database });
    expect(verdict.wrong).toEqual([]);
    expect(verdict.lanesWithPrices).toBeGreaterThan(100);
    expect(verdict.lanesWithout).toBe(200);
  });

  test("the two copies answer differently, each from its own data", async () => {
    const [one, other] = await Promise.all(["dev", "changed"].map((name) => readmeAnswer(running(), name)));
    expect(one?.[0]).toEqual({ count: 3, day: "2021-01-31", price: 1154.3333333333333 });
    expect(other?.[0]?.count).toBe(3);
    expect(other?.[0]?.price).not.toBe(one?.[0]?.price);
  });

  test("the README's question gives 31 days, newest first", async () => {
    const days = (await readmeAnswer(running(), "dev")).map(({ day }) => day);
    expect(days).toHaveLength(31);
    expect(days).toEqual([...days].sort().reverse());
    expect([days[0], days.at(-1)]).toEqual(["2021-01-31", "2021-01-01"]);
  });

  test("there is nothing to change: plan says so and exits 0, and a second up leaves the copy as it is", async () => {
    const before = await running().status("dev");
    expect(before?.state).toBe("running");
    const planned = await running().copy(["plan", "dev"]);
    expect([planned.exitCode, planned.stdout]).toEqual([0, 'Copy "dev" is as it should be: nothing would change.']);
    const again = await running().copy(["up", "dev"]);
    expect(again.exitCode, again.all).toBe(0);
    expect(await running().status("dev")).toEqual(before);
  });

  return running;
}

interface Day {
  readonly day: string;
  readonly count: number | null;
  readonly price: number | null;
}

async function readmeAnswer(copies: CopiesFolder, name: string): Promise<Day[]> {
  const url = (await copies.status(name))?.url;
  const query = "date_from=2021-01-01&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL";
  return ((await (await fetch(`${url}/rates?${query}`)).json()) as { rates: Day[] }).rates;
}

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeChangedDump } from "../support/changed-dump";
import { type CopiesFolder, copiesFolder } from "../support/copies";
import { temporaryFolder } from "../support/folder";
import { proveEveryLane } from "./rates-suite";

describe("embedded: /rates of a running copy equals the task's query", () => {
  let copies: CopiesFolder;
  const folder = temporaryFolder();

  beforeAll(async () => {
    copies = copiesFolder();
    const changed = writeChangedDump(join(folder.path, "rates.sql"), (price, line) => price + (line % 7) * 13);
    for (const args of [
      ["up", "dev"],
      ["up", "changed", "--rates-sql", changed],
    ]) {
      const { exitCode, all } = await copies.copy(args);
      expect(exitCode, all).toBe(0);
    }
  });

  afterAll(async () => {
    await copies[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  test.each(["dev", "changed"])("copy %s: every lane with prices, and 200 without", async (name) => {
    const baseUrl = (await copies.status(name))?.url ?? "";
    await using database = await copies.connect(name);
    const verdict = await proveEveryLane({ baseUrl, database });
    expect(verdict.wrong).toEqual([]);
    expect(verdict.lanesWithPrices).toBeGreaterThan(100);
    expect(verdict.lanesWithout).toBe(200);
  });

  test("the two copies answer differently, each from its own data", async () => {
    const [one, other] = await Promise.all(["dev", "changed"].map((name) => readmeAnswer(copies, name)));
    expect(one?.[0]).toEqual({ count: 3, day: "2021-01-31", price: 1154.3333333333333 });
    expect(other?.[0]?.count).toBe(3);
    expect(other?.[0]?.price).not.toBe(one?.[0]?.price);
  });

  test("the README's question gives 31 days, newest first", async () => {
    const days = (await readmeAnswer(copies, "dev")).map(({ day }) => day);
    expect(days).toHaveLength(31);
    expect(days).toEqual([...days].sort().reverse());
    expect([days[0], days.at(-1)]).toEqual(["2021-01-31", "2021-01-01"]);
  });
});

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

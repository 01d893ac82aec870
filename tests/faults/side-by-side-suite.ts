import type { RuntimeName } from "infra/copies/registry";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CopiesFolder, copiesFolder } from "../support/copies";
import { note, secondsSince } from "../support/figure";
import { expectReadmeAnswer } from "../support/readme-question";

/** Twenty copies on a loaded machine, images built first. */
const LIMIT_MS = 900_000;

export interface SideBySideOptions {
  readonly runtime: RuntimeName;
  /** How many copies. */
  readonly count: number;
  /** What is left on this machine of any copy in the folder. */
  leftovers(copies: CopiesFolder): Promise<string[]>;
  /** Kills the API process of one copy with -9 and keeps it down. */
  killApi(copies: CopiesFolder, name: string): Promise<void>;
  /** What the machine lacks; then nothing is brought up, and the caller skips the tests. */
  lacks?(): Promise<string | undefined>;
}

/** Many copies on one machine, each with data, port, password and process of its own. */
export function testSideBySide({ runtime, count, leftovers, killApi, lacks }: SideBySideOptions): void {
  const names = Array.from({ length: count }, (_, index) => `qa-${index + 1}`);
  const [victim = "", ...others] = names;
  let copies: CopiesFolder;

  beforeAll(async () => {
    if (await lacks?.()) return;
    copies = copiesFolder({ runtime });
    // What all of them need is made by the first, so that the figure below is that of the copies.
    await succeed("up", "first");
    await succeed("down", "first");
  }, LIMIT_MS);

  afterAll(() => copies?.[Symbol.asyncDispose](), LIMIT_MS);

  async function succeed(...args: readonly string[]): Promise<string> {
    const { exitCode, all } = await copies.copy(args, { timeout: LIMIT_MS });
    expect(exitCode, all).toBe(0);
    return all;
  }

  const statuses = async () => JSON.parse((await copies.copy(["status", "--json"])).stdout) as Status[];

  test(
    `${count} copies come up by one command and answer right, each with ports of its own`,
    async (context) => {
      const begun = performance.now();
      const said = await succeed("up", ...names);
      note(context, `${count} copies up in ${secondsSince(begun)}`);
      expect(said).toContain(`${count} copies are up after`);
      const all = await statuses();
      expect(all.map(({ name, state }) => `${name} ${state}`).sort()).toEqual(
        names.map((name) => `${name} running`).sort(),
      );
      expect(new Set(all.map(({ url }) => url)).size).toBe(count);
      await Promise.all(all.map(({ url }) => expectReadmeAnswer(url)));
      const sum = all.reduce((bytes, { memory_bytes }) => bytes + (memory_bytes ?? Number.NaN), 0);
      note(context, `${count} copies take ${(sum / 2 ** 30).toFixed(2)} GiB (PSS of their own processes)`);
      expect(sum).toBeGreaterThan(0);
    },
    LIMIT_MS,
  );

  test(
    "each has a marker row that no other has",
    async () => {
      await Promise.all(names.map((name) => sql(name, `CREATE TABLE marker AS SELECT '${name}' AS owner`)));
      const found = await Promise.all(names.map((name) => sql(name, "SELECT owner FROM marker")));
      expect(found).toEqual(names.map((owner) => [{ owner }]));
    },
    LIMIT_MS,
  );

  test(
    "kill -9 of one API leaves the others answering, and up heals it with its data",
    async () => {
      await killApi(copies, victim);
      const all = await statuses();
      expect(all.find(({ name }) => name === victim)?.state).toBe("broken");
      await Promise.all(all.filter(({ name }) => name !== victim).map(({ url }) => expectReadmeAnswer(url)));
      expect(
        all
          .filter(({ state }) => state === "running")
          .map(({ name }) => name)
          .sort(),
      ).toEqual([...others].sort());
      await succeed("up", victim);
      expect(await sql(victim, "SELECT owner FROM marker")).toEqual([{ owner: victim }]);
    },
    LIMIT_MS,
  );

  test(
    "down-all asks first, then removes every copy; nothing is left",
    async (context) => {
      const unasked = await copies.copy(["down-all"]);
      expect([unasked.exitCode, unasked.all]).toEqual([1, expect.stringContaining("make down-all CONFIRM=1")]);
      expect(await statuses()).toHaveLength(count);
      const begun = performance.now();
      await succeed("down-all", "--confirm");
      note(context, `${count} copies down in ${secondsSince(begun)}`);
      expect(await leftovers(copies)).toEqual([]);
    },
    LIMIT_MS,
  );

  async function sql(name: string, command: string): Promise<unknown> {
    const { exitCode, stdout, all } = await copies.copy(["sql", name, "-c", command, "--json"], { timeout: LIMIT_MS });
    expect(exitCode, all).toBe(0);
    return JSON.parse(stdout);
  }
}

interface Status {
  readonly name: string;
  readonly state: string;
  readonly url: string;
  readonly memory_bytes: number | null;
}

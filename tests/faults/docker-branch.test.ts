import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { findCheckout } from "infra/copies/checkout";
import { type Connection, openConnection } from "infra/copies/connection";
import { dockerNames } from "infra/copies/docker-names";
import { useEngine } from "infra/images/engine";
import { listContainers } from "infra/runtimes/docker/objects";
import { runAsSuperuser } from "infra/runtimes/docker/superuser";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type CopiesFolder, collect, copiesFolder } from "../support/copies";
import { engineObjects, leftoversOf } from "../support/engine-objects";
import { randomNumbers, seed } from "../support/random";
import { expectReadmeAnswer } from "../support/readme-question";
import { requestLoop } from "../support/request-loop";
import { DOCKER_COPY, dockerLacks, needs } from "../support/runtimes";
import { atScale } from "../support/scale";
import { until } from "../support/until";

/** Far beyond a birth on a loaded machine, with images to build. */
const LIMIT_MS = 300_000;

const KILLS = atScale({ ci: 3, full: 20 });

describe("docker: a branch of a living copy", () => {
  let copies: CopiesFolder;

  beforeAll(async () => {
    if (await dockerLacks()) return;
    copies = copiesFolder({ runtime: "docker" });
    await succeed("up", "origin");
  }, LIMIT_MS);

  beforeEach(needs("docker", ...DOCKER_COPY));

  afterAll(() => copies?.[Symbol.asyncDispose](), LIMIT_MS);

  async function succeed(...args: readonly string[]): Promise<string> {
    const { exitCode, all } = await copies.copy(args, { timeout: LIMIT_MS });
    expect(exitCode, all).toBe(0);
    return all;
  }

  async function rowsOf(name: string, sql: string): Promise<Record<string, string>[]> {
    return JSON.parse((await copies.copy(["sql", name, "-c", sql, "--json"])).stdout);
  }

  const urlOf = async (name: string) => (await copies.status(name))?.url ?? "";

  const checkout = () => findCheckout({ COPIES_DIR: copies.path });

  async function originDatabase(): Promise<string> {
    const database = (await listContainers(checkout(), "origin")).find(({ role }) => role === "database");
    if (!database) throw new Error("the origin has no database container");
    return database.id;
  }

  /** Sessions of ours and what they could leave behind. */
  async function expectNothingOpen(): Promise<void> {
    const question = `SELECT (SELECT count(*) FROM pg_replication_slots),
      (SELECT count(*) FROM pg_stat_activity WHERE usename = 'postgres' AND query ~ 'backup|slot' AND pid <> pg_backend_pid());`;
    const database = await originDatabase();
    await until(
      "the killed command's session to end",
      async () => (await runAsSuperuser(database, question)) === "0|0",
    );
  }

  test(
    "has every row that was committed before it began and none torn; the origin loses no request and no row",
    async () => {
      const before = await rowsOf("origin", "SELECT current_setting('rates.copy_id') AS id");
      await using writing = await writePairs(() => copies.connect("origin"));
      await using readers = requestLoop(await urlOf("origin"), 8);
      await until("a thousand rows", async () => writing.committed() > 1_000);
      const committed = writing.committed();
      const begun = performance.now();
      await succeed("up", "branch", "--from", "origin");
      const seconds = (performance.now() - begun) / 1000;
      const { failed, answered } = await readers.end();
      console.log(`branch in ${seconds.toFixed(1)} s, origin under ${Math.round(answered / seconds)} requests/s`);
      expect(failed).toEqual([]);
      expect(await writing.end()).toBeGreaterThan(committed);
      const counts = "SELECT count(*) AS rows, max(n) AS last, count(*) FILTER (WHERE halves <> 2) AS torn";
      const pairs = "FROM (SELECT n, count(*) AS halves FROM pairs WHERE length(filling) = 2000 GROUP BY n) one";
      const [found] = await rowsOf("branch", `${counts} ${pairs}`);
      expect(Number(found?.["torn"])).toBe(0);
      expect(Number(found?.["last"])).toBe(Number(found?.["rows"]));
      expect(Number(found?.["rows"])).toBeGreaterThanOrEqual(committed);
      const [kept] = await rowsOf("origin", `${counts} ${pairs}`);
      expect(Number(kept?.["rows"])).toBe(writing.committed());
      expect(await rowsOf("origin", "SELECT current_setting('rates.copy_id') AS id")).toEqual(before);
      expect(await rowsOf("branch", "SELECT current_setting('rates.copy_id') AS id")).not.toEqual(before);
      await expectReadmeAnswer(await urlOf("branch"));
      await expectReadmeAnswer(await urlOf("origin"));
      await expectNothingOpen();
    },
    LIMIT_MS,
  );

  test("has a password of its own, and the origin's opens nothing of it", async () => {
    const [origin, branch] = await Promise.all(["origin", "branch"].map((name) => varsOf(copies, name)));
    const secret = (vars: Record<string, string> | undefined) =>
      readFileSync(vars?.["DATABASE_PASSWORD_FILE"] ?? "", "utf8").trim();
    expect(secret(branch)).not.toBe(secret(origin));
    const address = { host: "127.0.0.1", port: Number(branch?.["PGPORT"]), user: "rates", database: "rates" };
    await expect(openConnection({ ...address, password: secret(origin) })).rejects.toThrow(/password/);
    await using own = await openConnection({ ...address, password: secret(branch) });
    expect((await own.query("SELECT 1")).rowCount).toBe(1);
  });

  test(
    "goes back to the origin's dump by a reset, also one that an earlier reset got in the way of",
    async () => {
      const database = (await listContainers(checkout(), "branch")).find(({ role }) => role === "database")?.id ?? "";
      await runAsSuperuser(database, "CREATE DATABASE rates_born TEMPLATE pristine; CREATE DATABASE rates_gone;");
      await using readers = requestLoop(await urlOf("branch"), 4);
      await succeed("reset", "branch");
      expect((await readers.end()).failed).toEqual([]);
      expect(await rowsOf("branch", "SELECT to_regclass('pairs') AS pairs")).toEqual([{ pairs: null }]);
      expect(await runAsSuperuser(database, "SELECT datname FROM pg_database ORDER BY 1;")).toBe(
        ["postgres", "pristine", "rates", "template0", "template1"].join("\n"),
      );
      await succeed("down", "branch");
    },
    LIMIT_MS,
  );

  const random = randomNumbers(seed);
  const rounds = Array.from({ length: KILLS }, (_, round) => ({ round, at: random() }));

  test.each(rounds)(
    `killed with -9 after $at s of copying is finished by the next command; nothing stays in the origin (SEED=${seed})`,
    async ({ at, round }) => {
      const command = copies.copy(["up", "cut-short", "--from", "origin"]);
      const output = collect(command);
      await until("its data step", async () => output().includes("❯ Data"));
      // The step takes a second on two idle cores.
      await delay(at * 1_000);
      command.kill("SIGKILL");
      await command;
      await expectNothingOpen();
      if (round % 2 === 0) {
        await succeed("up", "cut-short", "--from", "origin");
        await expectReadmeAnswer(await urlOf("cut-short"));
      }
      await succeed("down", "cut-short");
      expect(await engineObjects(copies.path, "cut-short")).toEqual([]);
      expect((await copies.status("origin"))?.state).toBe("running");
    },
    LIMIT_MS,
  );

  test(
    "of a copy whose database is gone or that is stopped is refused with the next step, and nothing is left",
    async () => {
      await useEngine(["stop", dockerNames(checkout(), "origin").container("database")]);
      const broken = await copies.copy(["up", "branch", "--from", "origin"]);
      expect([broken.exitCode, broken.all]).toEqual([1, expect.stringContaining("Bring it up: make up COPY=origin")]);
      await succeed("stop", "origin");
      const stopped = await copies.copy(["up", "branch", "--from", "origin"]);
      expect([stopped.exitCode, stopped.all]).toEqual([1, expect.stringMatching(/"origin".* does not run; start it/)]);
      expect(await engineObjects(copies.path, "branch")).toEqual([]);
      expect(await copies.status("branch")).toBeUndefined();
    },
    LIMIT_MS,
  );

  test("down of both leaves nothing", async () => {
    await succeed("down", "origin");
    expect(await leftoversOf(copies)).toEqual([]);
  });
});

interface Writing extends AsyncDisposable {
  /** How many pairs were acknowledged so far. */
  committed(): number;
  /** Stops writing. @returns how many pairs were acknowledged */
  end(): Promise<number>;
}

/**
 * Inserts pairs of long rows, one transaction each, and rewrites and drops other tables between them, so that files grow,
 * change and vanish while they are copied.
 */
async function writePairs(connect: () => Promise<Connection>): Promise<Writing> {
  const session = await connect();
  await session.query("CREATE TABLE pairs (n integer, half integer, filling text, PRIMARY KEY (n, half))");
  const control = { ends: false };
  let committed = 0;
  const writing = (async () => {
    for (let n = 1; !control.ends; n += 1) {
      await session.query("INSERT INTO pairs SELECT $1, half, repeat('x', 2000) FROM generate_series(1, 2) half", [n]);
      committed = n;
      if (n % 50 === 0) await session.query("DROP TABLE IF EXISTS passing; CREATE TABLE passing AS TABLE regions");
    }
  })();
  const end = async () => {
    control.ends = true;
    await writing;
    return committed;
  };
  return {
    committed: () => committed,
    end,
    async [Symbol.asyncDispose]() {
      await end();
      await session.end();
    },
  };
}

async function varsOf(copies: CopiesFolder, name: string): Promise<Record<string, string>> {
  return JSON.parse((await copies.copy(["vars", name, "--json"])).stdout) as Record<string, string>;
}

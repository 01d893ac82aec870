import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Connection } from "infra/copies/connection";
import type { RuntimeName } from "infra/copies/registry";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeChangedDump } from "../support/changed-dump";
import { type CopiesFolder, copiesFolder } from "../support/copies";
import { temporaryFolder } from "../support/folder";
import { expectReadmeAnswer } from "../support/readme-question";
import { requestLoop } from "../support/request-loop";

/** Far beyond a birth on a loaded machine, with images to build. */
const BIRTH_LIMIT_MS = 300_000;

export interface DataSuiteOptions {
  readonly runtime: RuntimeName;
  /** What the machine lacks; then nothing is brought up, and the caller skips the tests. */
  lacks?(): Promise<string | undefined>;
}

/** As the library keeps messages: in a schema of its own. */
const MESSAGE = "CREATE SCHEMA waiting; CREATE TABLE waiting.message AS SELECT 1 AS one";
const QUEUE_CONTENT = "SELECT to_regnamespace('waiting') AS message, current_setting('rates.copy_id') AS id";

/** Where a copy's data comes from, goes back to and is handed on: the same in every runtime. */
export function testData({ runtime, lacks }: DataSuiteOptions): void {
  const folder = temporaryFolder();
  const dump = join(folder.path, "rates.sql");
  let copies: CopiesFolder;

  beforeAll(async () => {
    if (await lacks?.()) return;
    copies = copiesFolder({ runtime });
    writeFileSync(dump, readFileSync(join("db", "rates.sql")));
    await succeed("up", "dev", "--rates-sql", dump);
  }, BIRTH_LIMIT_MS);

  afterAll(async () => {
    await copies?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  }, BIRTH_LIMIT_MS);

  async function succeed(...args: readonly string[]): Promise<string> {
    const { exitCode, all } = await copies.copy(args, { timeout: BIRTH_LIMIT_MS });
    expect(exitCode, all).toBe(0);
    return all;
  }

  async function rowsOf(name: string, sql: string): Promise<unknown[]> {
    return JSON.parse((await copies.copy(["sql", name, "-c", sql, "--json"])).stdout) as unknown[];
  }

  /** Stands for a message. */
  const enqueue = (name: string) => succeed("sql", name, "--queue", "-c", MESSAGE);

  async function expectEmptyQueue(name: string): Promise<void> {
    const { stdout } = await copies.copy(["sql", name, "--queue", "-c", QUEUE_CONTENT, "--json"]);
    expect(JSON.parse(stdout)).toEqual([{ message: null, id: (await varsOf(copies, name))["COPY_ID"] }]);
  }

  const urlOf = async (name: string) => (await copies.status(name))?.url ?? "";

  test("reset puts the data back to the dump and empties the queue, and no reader is lost", async () => {
    await succeed("sql", "dev", "-c", "DELETE FROM lane_months; CREATE TABLE scribble (line text)");
    await enqueue("dev");
    await using readers = requestLoop(await urlOf("dev"), 4);
    const before = await copies.status("dev");
    await succeed("reset", "dev");
    const { failed, answered } = await readers.end();
    expect(failed).toEqual([]);
    expect(answered).toBeGreaterThan(0);
    await expectReadmeAnswer(await urlOf("dev"));
    expect(await rowsOf("dev", "SELECT to_regclass('scribble') AS scribble")).toEqual([{ scribble: null }]);
    await expectEmptyQueue("dev");
    expect(await copies.status("dev")).toEqual(before);
  });

  test("reset takes a dump that has changed since, and says so", async () => {
    writeChangedDump(dump, (price) => price + 1000);
    await enqueue("dev");
    expect(await succeed("up", "dev")).toContain("make reset COPY=dev takes the new dump");
    expect(await succeed("reset", "dev")).toContain("its present content is taken");
    const answer = await fetch(
      `${await urlOf("dev")}/rates?date_from=2021-01-31&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL`,
    );
    expect(await answer.json()).toMatchObject({ rates: [{ count: 3, price: 2154.3333333333335 }] });
    await expectEmptyQueue("dev");
    writeFileSync(dump, readFileSync(join("db", "rates.sql")));
    await succeed("reset", "dev");
    await expectReadmeAnswer(await urlOf("dev"));
  });

  test("a branch begins with the present data of a living copy and an empty queue; that one loses nothing", async () => {
    await enqueue("dev");
    await succeed("sql", "dev", "-c", "CREATE TABLE marker (name text); INSERT INTO marker VALUES ('of dev')");
    await using readers = requestLoop(await urlOf("dev"), 4);
    const written = await writeRows(() => copies.connect("dev"));
    await succeed("up", "branch", "--from", "dev");
    const committed = await written.end();
    expect((await readers.end()).failed).toEqual([]);
    const [{ first, last, count }] = (await rowsOf(
      "branch",
      "SELECT min(n)::int AS first, max(n)::int AS last, count(n)::int AS count FROM written",
    )) as [Record<"first" | "last" | "count", string>];
    expect(Number(first)).toBe(1);
    expect(Number(last)).toBe(Number(count));
    expect(Number(count)).toBeLessThanOrEqual(committed);
    expect(await rowsOf("branch", "SELECT * FROM marker")).toEqual([{ name: "of dev" }]);
    await succeed("sql", "branch", "-c", "UPDATE marker SET name = 'of branch'");
    expect(await rowsOf("dev", "SELECT * FROM marker")).toEqual([{ name: "of dev" }]);
    const [vars, otherVars] = await Promise.all(["dev", "branch"].map((name) => varsOf(copies, name)));
    expect(vars?.["COPY_ID"]).not.toBe(otherVars?.["COPY_ID"]);
    expect(passwordIn(vars)).not.toBe(passwordIn(otherVars));
    await expectEmptyQueue("branch");
    const [queued] = JSON.parse(
      (await copies.copy(["sql", "dev", "--queue", "-c", "TABLE waiting.message", "--json"])).stdout,
    );
    expect(queued).toEqual({ one: "1" });
    expect((await copies.status("branch"))?.data).toMatch(/^copy dev at \d{4}-/);
    await expectReadmeAnswer(await urlOf("branch"));
  });

  test("diff tells row counts, schema and revision apart, exit code 2, and 0 where nothing differs", async () => {
    await succeed("sql", "branch", "-c", "INSERT INTO marker VALUES ('one more'); CREATE INDEX ON marker (name)");
    const { exitCode, stdout } = await copies.copy(["diff", "dev", "branch", "--json"]);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toContainEqual({ kind: "rows", what: "public.marker", one: "1", other: "2" });
    expect(JSON.parse(stdout)).toContainEqual(
      expect.objectContaining({ kind: "schema", what: expect.stringContaining("marker_name_idx"), one: null }),
    );
    expect((await copies.copy(["diff", "dev", "dev"])).exitCode).toBe(0);
  });

  test("the branch outlives its origin, and goes back to the dump by a reset", async () => {
    await succeed("down", "dev");
    await expectReadmeAnswer(await urlOf("branch"));
    expect(await succeed("reset", "branch")).toContain('began with the data of "dev"; that does not come back');
    expect(await rowsOf("branch", "SELECT to_regclass('marker') AS marker")).toEqual([{ marker: null }]);
    expect((await copies.status("branch"))?.data).toBe(dump);
  });

  test("a branch of a copy that is not there, or with a dump of its own, is refused and leaves nothing", async () => {
    const { exitCode, all } = await copies.copy(["up", "orphan", "--from", "nobody"]);
    expect([exitCode, all]).toEqual([1, expect.stringContaining('No copy is called "nobody". There is branch.')]);
    const both = await copies.copy(["up", "orphan", "--from", "branch", "--days", "7"]);
    expect([both.exitCode, both.all]).toEqual([1, expect.stringContaining("leave RATES_SQL, DAYS and LANES out")]);
    expect(await copies.status("orphan")).toBeUndefined();
  });

  test("scaled-down data: the last days and the busiest lanes, made once for all copies that want them", async () => {
    await succeed("up", "small", "other", "--rates-sql", dump, "--days", "7", "--lanes", "20");
    const counts = "SELECT count(DISTINCT day) AS days, count(DISTINCT (orig_code, dest_code)) AS lanes FROM prices";
    const [inSmall, inOther] = await Promise.all(["small", "other"].map((name) => rowsOf(name, counts)));
    expect(inSmall).toEqual([{ days: "7", lanes: "20" }]);
    expect(inOther).toEqual(inSmall);
    expect((await copies.status("small"))?.data).toBe(`${dump}, last 7 days, 20 lanes`);
    await succeed("down", "small", "other");
  });
}

interface Writing {
  /** @returns how many rows were acknowledged */
  end(): Promise<number>;
}

/** Inserts 1, 2, 3 ... one transaction each, as a program does that connects again when its session was ended. */
async function writeRows(connect: () => Promise<Connection>): Promise<Writing> {
  const control = { ends: false };
  let session = await connect();
  await session.query("CREATE TABLE written (n integer PRIMARY KEY)");
  let committed = 0;
  const insert = async (n: number) => {
    await session.query("INSERT INTO written VALUES ($1) ON CONFLICT DO NOTHING", [n]).catch(async () => {
      session = await connect();
      await insert(n);
    });
  };
  const writing = (async () => {
    for (let n = 1; !control.ends; n += 1) {
      await insert(n);
      committed = n;
    }
  })();
  const end = async () => {
    control.ends = true;
    await writing;
    await session.end();
    return committed;
  };
  return { end };
}

async function varsOf(copies: CopiesFolder, name: string): Promise<Record<string, string>> {
  return JSON.parse((await copies.copy(["vars", name, "--json"])).stdout) as Record<string, string>;
}

function passwordIn(vars: Record<string, string> | undefined): string {
  return readFileSync(vars?.["DATABASE_PASSWORD_FILE"] ?? "", "utf8");
}

import { once } from "node:events";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { findProcesses } from "infra/copies/process-identity";
import { connectSuperuser } from "infra/runtimes/embedded/postgres-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CopiesFolder, collect, copiesFolder } from "../support/copies";
import { temporaryFolder } from "../support/folder";
import { expectReadmeAnswer } from "../support/readme-question";
import { until } from "../support/until";

describe("embedded: what can go wrong in a copy's life ends well or says what to do", () => {
  /** Shared, with a copy that stays, so that only the first birth has to make a data server. */
  let copies: CopiesFolder;

  beforeAll(async () => {
    copies = copiesFolder();
    await copies.copy(["up", "keeper"]);
  });

  afterAll(() => copies[Symbol.asyncDispose]());

  /** Brings a copy up for one test. */
  async function born(name: string): Promise<AsyncDisposable> {
    const { exitCode, all } = await copies.copy(["up", name]);
    expect(exitCode, all).toBe(0);
    return { [Symbol.asyncDispose]: async () => void (await copies.copy(["down", name])) };
  }

  async function mark(name: string): Promise<void> {
    await copies.copy(["sql", name, "-c", "INSERT INTO regions VALUES ('marker', 'Marker', NULL)"]);
    await copies.copy(["sql", name, "--queue", "-c", "CREATE TABLE marker AS SELECT 'a message' AS name"]);
  }

  async function expectMarked(name: string): Promise<void> {
    const sql = "SELECT name FROM regions WHERE slug = 'marker'";
    const { stdout } = await copies.copy(["sql", name, "-c", sql, "--json"]);
    expect(JSON.parse(stdout)).toEqual([{ name: "Marker" }]);
    const queued = await copies.copy(["sql", name, "--queue", "-c", "SELECT name FROM marker", "--json"]);
    expect(JSON.parse(queued.stdout)).toEqual([{ name: "a message" }]);
  }

  test("a second up changes nothing: same process, same revision, same record", async () => {
    await using _same = await born("same");
    const files = ["copy.json", "processes/api.json"];
    const snapshot = () => files.map((file) => readFileSync(join(copies.path, "same", file), "utf8"));
    const [before, status] = [snapshot(), await copies.status("same")];
    expect((await copies.copy(["up", "same"])).exitCode).toBe(0);
    expect(snapshot()).toEqual(before);
    expect(await copies.status("same")).toEqual(status);
  });

  test("of two ups at once one works, the other exits 1 and says who holds the lock", async () => {
    const both = await Promise.all([copies.copy(["up", "twice"]), copies.copy(["up", "twice"])]);
    expect(both.map(({ exitCode }) => exitCode).sort()).toEqual([0, 1]);
    const refused = both.find(({ exitCode }) => exitCode === 1);
    expect(refused?.all).toMatch(/Copy "twice" is being worked on by "copy up twice" \(pid \d+, since .*Z\)/);
    await expectReadmeAnswer((await copies.status("twice"))?.url);
    await copies.copy(["down", "twice"]);
  });

  test("stop ends the service and keeps the data; start brings it back", async () => {
    await using _halted = await born("halted");
    await mark("halted");
    expect((await copies.copy(["stop", "halted"])).exitCode).toBe(0);
    expect((await copies.status("halted"))?.state).toBe("stopped");
    expect(findProcesses(join(copies.path, "halted"))).toEqual([]);
    expect((await copies.copy(["start", "halted"])).exitCode).toBe(0);
    await expectMarked("halted");
  });

  test("a service killed with -9 is reported, and up heals it", async () => {
    await using _hurt = await born("hurt");
    process.kill(servicePid(copies, "hurt"), "SIGKILL");
    const broken = await until("the loss to show", async () => {
      const status = await copies.status("hurt");
      return status?.state === "broken" && status;
    });
    expect(broken.detail).toBe("its service does not run");
    expect((await copies.copy(["up", "hurt"])).exitCode).toBe(0);
    await expectReadmeAnswer((await copies.status("hurt"))?.url);
  });

  test.each([
    ["data", ".server"],
    ["queue", ".queue"],
  ])("a %s server killed with -9 is reported, up heals it and what it holds is kept", async (server, folder) => {
    await using _hurt = await born("hurt");
    await mark("hurt");
    const pidFile = join(copies.path, folder, "pgdata", "postmaster.pid");
    process.kill(Number(readFileSync(pidFile, "utf8").split("\n")[0]), "SIGKILL");
    expect((await copies.status("hurt"))?.detail).toBe(`its ${server} server does not run`);
    const { exitCode, all } = await copies.copy(["up", "hurt"]);
    expect(exitCode, all).toBe(0);
    await expectMarked("hurt");
    for (const name of ["hurt", "keeper"]) await expectReadmeAnswer((await copies.status(name))?.url);
  });

  test("an explicit port that is taken is an error naming the holder, and nothing is born", async () => {
    await using _taken = await occupy(3900);
    const { exitCode, all } = await copies.copy(["up", "homeless", "--port", "3900"]);
    expect(exitCode).toBe(1);
    expect(all).toMatch(new RegExp(`Port 3900 is taken by .*\\(pid ${process.pid}\\)`));
    expect(await copies.status("homeless")).toBeUndefined();
  });

  test("a copy moves to another port when it is asked to", async () => {
    await using _mover = await born("mover");
    expect((await copies.copy(["up", "mover", "--port", "3901"])).exitCode).toBe(0);
    expect((await copies.status("mover"))?.url).toBe("http://127.0.0.1:3901");
    await expectReadmeAnswer("http://127.0.0.1:3901");
  });

  test("a database that carries another copy's id is refused, both ids named, by every command", async () => {
    await using _stolen = await born("stolen");
    const { COPY_ID: own = "" } = JSON.parse((await copies.copy(["vars", "stolen", "--json"])).stdout) as Vars;
    await using admin = await connectSuperuser(join(copies.path, ".server"));
    const giveTo = (id: string) => admin.query(`ALTER DATABASE rates_stolen SET rates.copy_id = '${id}'`);
    await giveTo("somebody-else");
    for (const args of [
      ["sql", "stolen", "-c", "SELECT 1"],
      ["up", "stolen"],
      ["vars", "stolen"],
      ["run", "stolen", "--", "true"],
      ["reset", "stolen"],
      ["diff", "keeper", "stolen"],
      ["down", "stolen"],
    ]) {
      const { exitCode, all } = await copies.copy(args);
      expect(exitCode, `${args[0]}: ${all}`).toBe(1);
      expect(all).toMatch(/belongs to copy somebody-else.* not to [0-9a-f]{8}-stolen-/);
    }
    await giveTo(own);
    expect((await copies.copy(["up", "stolen"])).exitCode).toBe(0);
  });

  test.each(["", "SET ROLE NONE; "])("a copy's own role cannot change the id: %j", async (first) => {
    const statement = `${first}ALTER DATABASE rates_keeper SET rates.copy_id = 'x'`;
    const { exitCode, all } = await copies.copy(["sql", "keeper", "-c", statement]);
    expect(exitCode).toBe(1);
    expect(all).toMatch(/permission denied|must be owner of database rates_keeper/);
  });

  test("a copy's role cannot connect to another copy's database or queue", async () => {
    await using _other = await born("other");
    const sql = "SELECT has_database_privilege('rates_other', 'CONNECT') AS may";
    for (const args of [[], ["--queue"]]) {
      const { stdout } = await copies.copy(["sql", "keeper", ...args, "-c", sql, "--json"]);
      expect(JSON.parse(stdout)).toEqual([{ may: "f" }]);
    }
  });

  test("a record that cannot be read stops nothing but its own copy, and down removes it", async () => {
    await born("bad");
    writeFileSync(join(copies.path, "bad", "copy.json"), "{ not json");
    expect((await copies.status("bad"))?.state).toBe("unreadable");
    const { exitCode, all } = await copies.copy(["up", "bad"]);
    expect(exitCode).toBe(1);
    expect(all).toMatch(/The record of copy "bad" cannot be read: .*copy\.json/);
    expect((await copies.copy(["down", "bad"])).exitCode).toBe(0);
    expect(await copies.status("bad")).toBeUndefined();
    await expectReadmeAnswer((await copies.status("keeper"))?.url);
  });

  test("a reader of the output that goes away does not end a birth", async () => {
    const command = copies.copy(["up", "unheard"]);
    await until("the first output", async () => collect(command)() !== "" || command.pid !== undefined);
    command.stdout.destroy();
    command.stderr.destroy();
    await command;
    expect((await copies.status("unheard"))?.state).toBe("running");
    await copies.copy(["down", "unheard"]);
  });

  test("an unknown copy is an error listing the known ones", async () => {
    for (const command of ["start", "stop", "down", "vars", "logs", "sql"]) {
      const { exitCode, all } = await copies.copy([command, "nobody"]);
      expect(exitCode, command).toBe(1);
      expect(all, command).toContain('No copy is called "nobody". There is keeper.');
    }
  });
});

describe("embedded: a copy that is alone leaves nothing behind", () => {
  test.each(["Data server", "Queue server", "Data", "Queue", "Database", "Service"])(
    "Ctrl-C during its birth, at step %s",
    async (step) => {
      await using copies = copiesFolder();
      const command = copies.copy(["up"]);
      const output = collect(command);
      await until(`step ${step}`, async () => output().includes(step));
      command.kill("SIGINT");
      const { exitCode, all } = await command;
      expect(exitCode, all).toBe(130);
      expect(all).toContain("nothing of it is left");
      expect(copies.leftovers()).toEqual([]);
    },
  );

  test("with ports 3000 and 5432 taken, up takes the next free ones and says so; down removes everything", async () => {
    await using copies = copiesFolder();
    await using _api = await occupy(3000);
    await using _database = await occupy(5432);
    const { exitCode, all } = await copies.copy(["up"]);
    expect(exitCode, all).toBe(0);
    expect(all).toMatch(/port: 3\d\d\d \(the first free one from 3000\)/);
    const status = await copies.status("dev");
    expect(status?.database_url).not.toContain(":5432/");
    await expectReadmeAnswer(status?.url);
    expect((await copies.copy(["down"])).exitCode).toBe(0);
    expect(copies.leftovers()).toEqual([]);
  });
});

describe("embedded: a dump that is not one is refused by file and line, and nothing is left", () => {
  test.each([
    ["truncated", (dump: string) => dump.slice(0, dump.length / 2), /rates\.sql:\d+: .*truncated/s],
    ["of another schema", (dump: string) => dump.replace("price integer", "price text"), /rates\.sql:\d+: .*price/s],
    ["not SQL", () => "hello\nworld\n", /rates\.sql:1: /],
    [
      "with a port that does not exist",
      (dump: string) => dump.replace(/^CNGGZ\tEETLL/m, "XXXXX\tEETLL"),
      /rates\.sql:\d+: .*XXXXX/s,
    ],
  ])("%s", async (_kind, change, message) => {
    await using copies = copiesFolder();
    using folder = temporaryFolder();
    const file = join(folder.path, "rates.sql");
    writeFileSync(file, change(readFileSync(join("db", "rates.sql"), "utf8")));
    const { exitCode, all } = await copies.copy(["up", "mine", "--rates-sql", file]);
    expect(exitCode).toBe(1);
    expect(all).toMatch(message);
    expect(copies.leftovers()).toEqual([]);
  });

  test("a changed dump is announced, and the copy keeps its data", async () => {
    await using copies = copiesFolder();
    using folder = temporaryFolder();
    const file = join(folder.path, "rates.sql");
    writeFileSync(file, readFileSync(join("db", "rates.sql")));
    await copies.copy(["up", "mine", "--rates-sql", file]);
    appendFileSync(file, "-- changed\n");
    const { exitCode, all } = await copies.copy(["up", "mine", "--rates-sql", file]);
    expect(exitCode, all).toBe(0);
    expect(all).toContain("is not the dump this copy was born from; its data stays");
  });
});

type Vars = Readonly<Record<string, string>>;

function servicePid({ path }: CopiesFolder, name: string): number {
  return (JSON.parse(readFileSync(join(path, name, "processes", "api.json"), "utf8")) as { pid: number }).pid;
}

/** Takes a port; where somebody else has it already, all the better. */
async function occupy(port: number): Promise<AsyncDisposable> {
  const server = createServer().listen(port, "127.0.0.1");
  await Promise.race([once(server, "listening"), once(server, "error")]);
  return { [Symbol.asyncDispose]: async () => void server.close() };
}

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import { findCheckout } from "infra/copies/checkout";
import { dockerNames } from "infra/copies/docker-names";
import { askEngine, useEngine } from "infra/images/engine";
import { listContainers } from "infra/runtimes/docker/objects";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { cloneCheckout } from "../support/clone";
import { type CopiesFolder, collect, copiesFolder } from "../support/copies";
import { engineObjects, leftoversOf } from "../support/engine-objects";
import { expectReadmeAnswer } from "../support/readme-question";
import { requestLoop } from "../support/request-loop";
import { DOCKER_COPY, dockerLacks, needs } from "../support/runtimes";
import { until } from "../support/until";

/** Far beyond a birth on a loaded machine, with images to build. */
const BIRTH_LIMIT_MS = 180_000;

const REFUSING_START = 'throw new Error("this revision refuses to start");\n';

describe("docker: a copy survives what can happen to it", () => {
  /** One copy for all tests: each leaves it running and complete. */
  let copies: CopiesFolder;
  let url = "";

  beforeAll(async () => {
    if (await dockerLacks()) return;
    copies = copiesFolder({ runtime: "docker" });
    await succeed(["up", "dev"]);
    url = (await copies.status("dev"))?.url ?? "";
    await succeed(["sql", "dev", "-c", "INSERT INTO regions VALUES ('marker', 'Marker', NULL)"]);
    await succeed(["sql", "dev", "--queue", "-c", "CREATE TABLE marker AS SELECT 'a message' AS name"]);
  }, BIRTH_LIMIT_MS);

  beforeEach(needs("docker", ...DOCKER_COPY));

  afterAll(() => copies?.[Symbol.asyncDispose](), BIRTH_LIMIT_MS);

  async function succeed(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
    const { exitCode, all } = await copies.copy(args, { env });
    expect(exitCode, all).toBe(0);
    return all;
  }

  async function expectMarked(): Promise<void> {
    const answer = await copies.copy(["sql", "dev", "-c", "SELECT name FROM regions WHERE slug = 'marker'", "--json"]);
    expect(JSON.parse(answer.stdout)).toEqual([{ name: "Marker" }]);
    const queued = await copies.copy(["sql", "dev", "--queue", "-c", "SELECT name FROM marker", "--json"]);
    expect(JSON.parse(queued.stdout)).toEqual([{ name: "a message" }]);
  }

  const checkout = () => findCheckout({ COPIES_DIR: copies.path });

  async function containerOf(role: "database" | "queue" | "api" | "proxy"): Promise<string> {
    const found = (await listContainers(checkout(), "dev")).find((one) => one.role === role);
    if (!found) throw new Error(`copy dev has no ${role} container`);
    return found.name;
  }

  test("while its database is stopped, the API answers 503 problem+json, and right again after its return", async () => {
    const database = await containerOf("database");
    await useEngine(["stop", database]);
    const refused = await fetch(`${url}/rates?date_from=2021-01-31&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL`);
    expect(refused.status).toBe(503);
    expect(refused.headers.get("content-type")).toMatch(/^application\/problem\+json/);
    expect(refused.headers.get("x-revision")).toBe((await copies.status("dev"))?.revision);
    expect(await refused.json()).toMatchObject({ status: 503 });
    await useEngine(["start", database]);
    const back = performance.now();
    await until("the right answer", async () => {
      await expectReadmeAnswer(url);
      return true;
    });
    note("recovery after the database's return", back);
  });

  test("an event that is pushed while its database is stopped waits in its queue, and is counted once", async () => {
    const database = await containerOf("database");
    await useEngine(["stop", database]);
    const event = JSON.stringify({ source: "client_A", payload: { metric: "purchase", amount: "1,200" } });
    const headers = { "Content-Type": "application/json", "Idempotency-Key": "pushed-in-an-outage" };
    const pushed = await fetch(`${url}/api/events`, { method: "POST", headers, body: event });
    expect([pushed.status, await pushed.json()]).toEqual([202, { success: true, processed: 0, failed: 0, queued: 1 }]);
    await useEngine(["start", database]);
    const aggregation = await until("the event", async () => {
      const answer = await fetch(`${url}/api/aggregation?clientId=client_A`);
      const { aggregation: found } = (await answer.json()) as { aggregation?: { totalCount: number } };
      return found !== undefined && found.totalCount > 0 && found;
    });
    expect(aggregation).toMatchObject({ totalCount: 1, totalAmount: 1200 });
  });

  test.each(["database", "queue", "api", "proxy"] as const)(
    "a %s container that was removed is reported; up heals it, data kept",
    async (role) => {
      await useEngine(["rm", "--force", await containerOf(role)]);
      expect(await copies.status("dev")).toMatchObject({ state: "broken", detail: `its ${role} container is gone` });
      const begun = performance.now();
      await succeed(["up", "dev"]);
      note(`up that heals the ${role}`, begun);
      expect((await copies.status("dev"))?.state).toBe("running");
      await expectReadmeAnswer(url);
      await expectMarked();
      expect((await copies.copy(["plan", "dev"])).exitCode).toBe(0);
    },
  );

  test("a second up changes nothing: same containers, same networks, same volumes, empty plan", async () => {
    const ids = async () => (await listContainers(checkout(), "dev")).map(({ id }) => id);
    const before = await ids();
    const begun = performance.now();
    expect(await succeed(["up", "dev"])).toContain("nothing to change");
    note("second up", begun);
    expect(await ids()).toEqual(before);
    expect((await copies.copy(["plan", "dev"])).exitCode).toBe(0);
  });

  test("the passwords are nowhere but in their secrets: not in inspect, state, stacks, logs or process lists", async () => {
    const files = ["database", "queue"].map((server) => join(copies.path, "dev", "secrets", `${server}-password`));
    const secrets = files.map((file) => readFileSync(file, "utf8").trim());
    for (const secret of secrets) expect(secret.length).toBeGreaterThan(15);
    expect(new Set(secrets).size).toBe(2);
    // A healing up, so that the lists also show the processes of a command at work.
    await useEngine(["rm", "--force", await containerOf("api")]);
    const command = copies.copy(["up", "dev"]);
    const over = command.then(() => true);
    const lists: string[] = [];
    while (!(await Promise.race([over, delay(20, false)]))) lists.push((await execa("ps", ["-efww"])).stdout);
    expect(lists.some((list) => list.includes("terraform"))).toBe(true);
    const names = (await listContainers(checkout(), "dev")).map(({ name }) => name);
    const objects = (await engineObjects(copies.path)).map((line) => line.split(" ")[1] ?? "");
    const running = await Promise.all((["database", "queue", "api", "proxy"] as const).map(containerOf));
    const seen = [
      ...lists.map((text) => ["a process list", text] as const),
      ["inspect", await useEngine(["inspect", ...new Set(objects)])] as const,
      ...(await Promise.all(
        names.map(async (name) => [`log of ${name}`, (await askEngine(["logs", name])).all] as const),
      )),
      ...(await Promise.all(
        running.map(async (name) => [`processes of ${name}`, await useEngine(["top", name, "-efww"])] as const),
      )),
      ...filesUnder(copies.path).map((file) => [file, readFileSync(file, "utf8")] as const),
    ];
    const holders = seen.filter(([, text]) => secrets.some((secret) => text.includes(secret))).map(([where]) => where);
    expect(holders.sort()).toEqual(files);
    const looked = seen.map(([where]) => where).join("\n");
    for (const place of ["terraform.tfstate", "cdk.tf.json", "inspect", "log of"]) expect(looked).toContain(place);
    await expectMarked();
  });

  test("a new revision replaces the old one without a failed request, and the plan is empty after it", async () => {
    const old = (await copies.status("dev"))?.revision;
    await using requests = requestLoop(url);
    const begun = performance.now();
    await succeed(["up", "dev"], { RATES_MAX_DAYS: "400" });
    note("up to a new revision", begun);
    const { failed, revisions } = await requests.end();
    expect(failed).toEqual([]);
    const now = (await copies.status("dev"))?.revision;
    expect(now).not.toBe(old);
    expect(revisions).toEqual([old, now]);
    const apis = (await listContainers(checkout(), "dev")).filter(({ role }) => role === "api");
    expect(apis.map(({ revision }) => revision)).toEqual([now]);
    expect((await copies.copy(["plan", "dev"], { env: { RATES_MAX_DAYS: "400" } })).exitCode).toBe(0);
    expect((await copies.copy(["plan", "dev"])).exitCode).toBe(2);
  });

  test("a revision that never gets healthy is refused with its log while the old one serves; the next good one works", async () => {
    using clone = await cloneCheckout();
    const main = join(clone.root, "rates", "src", "main.ts");
    writeFileSync(main, `${readFileSync(main, "utf8")}${REFUSING_START}`);
    const old = (await copies.status("dev"))?.revision;
    await using requests = requestLoop(url);
    const bad = await execa(process.execPath, [join(clone.root, "infra", "bin", "copy.js"), "up", "dev"], {
      cwd: clone.root,
      env: { COPIES_DIR: copies.path, RUNTIME: "docker" },
      all: true,
      reject: false,
    });
    const { failed, revisions } = await requests.end();
    expect(bad.exitCode, bad.all).toBe(1);
    expect(bad.all).toMatch(/The end of the log of rates-\S+-api-\S+-0:[\s\S]*this revision refuses to start/);
    expect(failed).toEqual([]);
    expect(revisions).toEqual([old]);
    const apis = async () => (await listContainers(checkout(), "dev")).filter(({ role }) => role === "api");
    expect((await apis()).map(({ revision }) => revision)).toEqual([old]);
    expect((await copies.status("dev"))?.state).toBe("running");
    await succeed(["up", "dev"], { RATES_MAX_DAYS: "401" });
    await expectReadmeAnswer(url);
    await expectMarked();
  });

  test("stop ends its containers, start brings them back with settings changed meanwhile, data kept", async () => {
    await succeed(["stop", "dev"]);
    expect((await copies.status("dev"))?.state).toBe("stopped");
    const states = (await listContainers(checkout(), "dev")).map(({ state }) => state);
    expect(new Set(states)).toEqual(new Set(["exited"]));
    // Another revision: it waits for the database, which has to be started with it.
    await succeed(["start", "dev"], { RATES_MAX_DAYS: "402" });
    await expectReadmeAnswer(url);
    await expectMarked();
  });

  test("logs, sql, run and vars speak of the copy", async () => {
    expect(await succeed(["logs", "dev"])).toContain('"level"');
    expect(await succeed(["sql", "dev", "-c", "SHOW server_version"])).toContain("13.5");
    expect(await succeed(["sql", "dev", "--queue", "-c", "SHOW synchronous_commit"])).toContain("on");
    expect(await succeed(["run", "dev", "--", "rates", "queue", "list"])).toContain("pushed-events");
    expect(await succeed(["logs", "dev", "--role", "queue"])).toContain("ready to accept connections");
    expect(await succeed(["run", "dev", "--", "rates", "--help"])).toContain("api");
    expect((await copies.copy(["run", "dev", "--", "sh", "-c", "exit 7"])).exitCode).toBe(7);
    expect(await succeed(["vars", "dev"])).toContain(`export RATES_URL='${url}'`);
    await using database = await copies.connect("dev");
    expect((await database.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  });

  test("asking for another runtime is an error that changes nothing", async () => {
    const { exitCode, all } = await copies.copy(["up", "dev"], { env: { RUNTIME: "embedded" } });
    expect(exitCode).toBe(1);
    expect(all).toContain('Copy "dev" was born in the docker runtime and keeps it');
    await expectReadmeAnswer(url);
  });

  test("an explicit port that is taken is an error naming the holder, and nothing is born", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await until("the port", async () => server.listening);
    const address = server.address();
    const port = typeof address === "object" ? String(address?.port) : "";
    const { exitCode, all } = await copies.copy(["up", "homeless", "--port", port]);
    server.close();
    expect(exitCode).toBe(1);
    expect(all).toMatch(new RegExp(`Port ${port} is taken by .*\\(pid ${process.pid}\\)`));
    expect(await copies.status("homeless")).toBeUndefined();
    expect(await engineObjects(copies.path, "homeless")).toEqual([]);
  });

  test.each(["Images and provider", "Containers"])(
    "Ctrl-C during a birth, at step %s, leaves nothing of it",
    async (step) => {
      const command = copies.copy(["up", "unborn"]);
      const output = collect(command);
      await until(`step ${step}`, async () => output().includes(step));
      command.kill("SIGINT");
      const { exitCode, all } = await command;
      expect(exitCode, all).toBe(130);
      expect(all).toContain("nothing of it is left");
      expect(await engineObjects(copies.path, "unborn")).toEqual([]);
      expect(filesUnder(copies.path).filter((file) => file.includes("unborn"))).toEqual([]);
    },
  );

  test("Ctrl-C once its containers are being made leaves nothing", async () => {
    const command = copies.copy(["up", "unborn"]);
    const names = dockerNames(checkout(), "unborn");
    await until("its network", async () => (await askEngine(["network", "inspect", names.network])).ok);
    const begun = performance.now();
    command.kill("SIGINT");
    const { exitCode, all } = await command;
    note("Ctrl-C while containers are made", begun);
    expect(exitCode, all).toBe(130);
    expect(await engineObjects(copies.path, "unborn")).toEqual([]);
    expect(filesUnder(copies.path).filter((file) => file.includes("unborn"))).toEqual([]);
  });

  test("down leaves nothing: no container, network, volume, process or file", async () => {
    const begun = performance.now();
    await succeed(["down", "dev"]);
    note("down", begun);
    expect(await leftoversOf(copies)).toEqual([]);
  });
});

/** Seconds are for the reader of the run; none is asserted. */
function note(what: string, since: number): void {
  console.log(`${what}: ${((performance.now() - since) / 1000).toFixed(2)} s`);
}

function filesUnder(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MIGRATIONS } from "../../db/migrate";
import { buildService, type ServiceBundle } from "../../infra/images/api/bundle";
import { type TestDatabase, testDatabase } from "../../tests/support/database";
import { tcpProxy } from "../../tests/support/tcp-proxy";
import { environmentFor } from "../testing/api";
import { ask } from "../testing/http";
import { ServiceProcess } from "../testing/service-process";
import type { ServiceEnvironment } from "./config";

const rates = "/rates?date_from=2021-01-31&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL";

let bundle: ServiceBundle;
let database: TestDatabase;

beforeAll(async () => {
  bundle = await buildService(resolve(__dirname, "../.."));
  database = await testDatabase("migrated");
});

afterAll(() => database?.[Symbol.asyncDispose]());

function start(environment: Partial<ServiceEnvironment> = {}): ServiceProcess {
  return new ServiceProcess(bundle.file, environmentFor(database, { RATES_CACHE_MAX_BYTES: "0", ...environment }));
}

describe("the process: start and end", () => {
  test("the bundle is one file that answers, documents itself and logs lines of JSON", async () => {
    await using service = start();
    const port = await service.port();
    expect(JSON.parse((await ask(port, rates)).body).rates).toEqual([{ count: 3, day: "2021-01-31", price: 3463 / 3 }]);
    expect(JSON.parse((await ask(port, "/openapi.json")).body).paths).toHaveProperty(["/rates"]);
    const line = JSON.parse(await service.line("answered"));
    expect(line).toMatchObject({ level: "info", method: "GET", url: rates, status: 200 });
  });

  describe("a start", () => {
    test("waits for no queue: what needs none is answered without, and a signal ends it with 0", async () => {
      await using service = start({ QUEUE_URL: "postgres://nobody@127.0.0.1:1/none" });
      const port = await service.port();
      expect((await ask(port, rates)).status).toBe(200);
      expect((await ask(port, "/ready")).status).toBe(200);
      service.signal("SIGTERM");
      expect(await service.exit).toBe(0);
    });

    test("waits for the database, says so, and listens when it answers", async () => {
      const { port: databasePort } = new URL(database.url);
      await using proxy = await tcpProxy(Number(databasePort));
      await proxy.refuse();
      await using service = start({ DATABASE_URL: database.url.replace(databasePort, String(proxy.port)) });
      await service.line("waiting for the database");
      expect(service.lines.join()).not.toContain("Server listening");
      await proxy.accept();
      expect((await ask(await service.port(), "/ready")).status).toBe(200);
    });

    test("on a database without migrations waits for `rates migrate`, says so, and then serves", async () => {
      await using own = await testDatabase("pristine");
      await using service = new ServiceProcess(bundle.file, environmentFor(own));
      expect(await service.line("waiting for the database")).toMatch(/lacks the migrations 001.*run `rates migrate`/);
      expect(service.lines.join()).not.toContain("Server listening");
      await using job = new ServiceProcess(bundle.file, environmentFor(own), "migrate");
      expect(await job.exit).toBe(0);
      expect(job.lines).toEqual([...MIGRATIONS.map((name) => `applied ${name}`), "The database is up to date."]);
      expect((await ask(await service.port(), rates)).status).toBe(200);
    });

    test("that waits for the database ends with 0 at a signal", async () => {
      await using service = start({ DATABASE_URL: "postgres://rates@127.0.0.1:1/rates" });
      await service.line("waiting for the database");
      service.signal("SIGTERM");
      expect(await service.exit).toBe(0);
    });

    test("on another copy's database ends with 1 and names both copies", async () => {
      await using own = await testDatabase("empty");
      await own.query(`ALTER DATABASE ${own.name} SET rates.copy_id = 'theirs'`);
      await using service = new ServiceProcess(bundle.file, environmentFor(own, { COPY_ID: "mine" }));
      expect(await service.exit).toBe(1);
      expect(service.lines.at(-1)).toEqual(expect.stringMatching(/COPY_ID is "mine".*belongs to copy "theirs"/));
    });

    test("with COPY_ID on a database that carries none ends with 1", async () => {
      await using service = start({ COPY_ID: "mine" });
      expect(await service.exit).toBe(1);
      expect(service.lines.at(-1)).toContain("carries no copy id");
    });

    test("on its own copy's database serves", async () => {
      await using own = await testDatabase("migrated");
      await own.query(`ALTER DATABASE ${own.name} SET rates.copy_id = 'mine'`);
      await using service = new ServiceProcess(bundle.file, environmentFor(own, { COPY_ID: "mine" }));
      expect((await ask(await service.port(), rates)).status).toBe(200);
    });

    test("with a configuration that is not valid ends with 1 and lists every problem", async () => {
      await using service = start({ PORT: "http", LOG_LEVEL: "loud" });
      expect(await service.exit).toBe(1);
      expect(service.lines.join("\n")).toMatch(/PORT is "http".*\n.*LOG_LEVEL is "loud"/);
    });

    test("on a port that is taken ends with 1 and names the setting", async () => {
      const holder = createServer().listen(0, "127.0.0.1");
      await once(holder, "listening");
      const address = holder.address();
      const port = typeof address === "object" ? String(address?.port) : "";
      await using service = start({ PORT: port });
      expect(await service.exit).toBe(1);
      expect(service.lines.at(-1)).toContain(`PORT ${port} on HOST 127.0.0.1 is taken`);
      holder.close();
    });
  });

  describe("rates migrate", () => {
    const migrateOn = (environment: Partial<ServiceEnvironment>) =>
      new ServiceProcess(bundle.file, environmentFor(database, environment), "migrate");

    test("on a migrated database says that there was nothing to do", async () => {
      await using job = migrateOn({});
      expect(await job.exit).toBe(0);
      expect(job.lines).toEqual(["The database was up to date."]);
    });

    test.each<[string, Partial<ServiceEnvironment>, RegExp]>([
      ["is away", { DATABASE_URL: "postgres://rates@127.0.0.1:1/rates" }, /The database cannot be reached/],
      ["is another copy's", { COPY_ID: "mine" }, /carries no copy id/],
    ])("ends with 1 and the reason where the database %s", async (_title, environment, reason) => {
      await using job = migrateOn(environment);
      expect(await job.exit).toBe(1);
      expect(job.lines.join("\n")).toMatch(reason);
    });

    test("ends with 1 and the next step where there is no dump", async () => {
      await using empty = await testDatabase("empty");
      await using job = new ServiceProcess(bundle.file, environmentFor(empty), "migrate");
      expect(await job.exit).toBe(1);
      expect(job.lines).toEqual(["The database holds no table ports: load a dump such as db/rates.sql first."]);
    });
  });

  test("as a worker of node:cluster it is replaced without a request lost", async () => {
    const directory = mkdtempSync(join(tmpdir(), "rates-cluster-"));
    const script = join(directory, "primary.js");
    writeFileSync(script, primaryOf(bundle.file));
    await using service = new ServiceProcess(script, environmentFor(database));
    const port = await service.port();
    const statuses: number[] = [];
    let isReplaced = false;
    const clients = Array.from({ length: 16 }, async () => {
      while (!isReplaced) statuses.push((await ask(port, rates)).status);
    });
    service.signal("SIGUSR2");
    expect(await service.line("old worker ended")).toBe("old worker ended with 0");
    isReplaced = true;
    await Promise.all(clients);
    rmSync(directory, { recursive: true });
    expect(statuses.length).toBeGreaterThan(16);
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  /** Does what `copy dev` does at a reload: the new worker listens before the old one is told to end. */
  function primaryOf(file: string): string {
    return `
const cluster = require("node:cluster");
cluster.setupPrimary({ exec: ${JSON.stringify(file)}, args: ["api"] });
const old = cluster.fork();
process.on("SIGUSR2", () => {
  cluster.fork().once("listening", () => old.process.kill("SIGTERM"));
  old.once("exit", (code) => console.log("old worker ended with " + code));
});
`;
  }
});

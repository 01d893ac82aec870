import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestServer, testServer } from "../../../../tests/support/server";
import { type TcpProxy, tcpProxy } from "../../../../tests/support/tcp-proxy";
import { type TestApi, testApi } from "../../../testing/api";
import { type Answer, ask } from "../../../testing/http";

/** Short enough for a test to wait for, long enough for a busy machine; a rest of no length is always probed. */
const limits = {
  DATABASE_CONNECT_TIMEOUT_MS: "1000",
  DATABASE_QUERY_TIMEOUT_MS: "1000",
  DATABASE_PROBE_AFTER_MS: "0",
  // Every request has to ask the database.
  RATES_CACHE_MAX_BYTES: "0",
  // And has a statement to itself; what shares one is looked at below.
  DATABASE_GATHER_MAX: "1",
};
const rates = "/rates?date_from=2021-01-31&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL";
const sound = '{"rates":[{"count":3,"day":"2021-01-31","price":1154.3333333333333}]}';

let server: TestServer;
let name: string;

beforeAll(async () => {
  server = await testServer();
  name = await server.createDatabase("migrated");
});

afterAll(() => server?.[Symbol.asyncDispose]());

function access({ port = server.port, user = server.user } = {}) {
  return { url: `postgres://${user}@127.0.0.1:${port}/${name}`, passwordFile: server.passwordFile };
}

function askAtOnce(api: TestApi, count: number): Promise<Answer[]> {
  return Promise.all(Array.from({ length: count }, () => ask(api.port, rates)));
}

/** Asks until the answer is right again, as a client that was told to come back later does. */
async function recovered(api: TestApi): Promise<void> {
  await expect.poll(async () => (await ask(api.port, rates)).body, { timeout: 15_000 }).toBe(sound);
}

function expectUnavailable({ status, headers, body }: Answer, detail: unknown): void {
  expect([status, headers["content-type"], headers["retry-after"]]).toEqual([
    503,
    "application/problem+json; charset=utf-8",
    "1",
  ]);
  expect(JSON.parse(body)).toMatchObject({ type: "urn:rates:problem:database-unavailable", detail });
  expect(body).not.toMatch(/SELECT|lane_months|node_modules|at \w+ \(/);
}

/** Does something to the database behind the service's back, as the server's owner. */
async function administer<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
  const { host, port, user, passwordFile } = server;
  const client = new Client({ host, port, user, database: name, password: readFileSync(passwordFile, "utf8").trim() });
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const sessions = "FROM pg_stat_activity WHERE application_name = 'rates'";

const waiting = "wait_event_type = 'Lock'";

/** How many sessions of the service the server has, all or those that wait for a lock. */
function countSessions(condition = "true"): Promise<number> {
  const sql = `SELECT count(*)::integer AS count ${sessions} AND ${condition}`;
  return administer(async (client) => (await client.query(sql)).rows[0].count);
}

function endSessions(client: Client): Promise<unknown> {
  return client.query(`SELECT pg_terminate_backend(pid) ${sessions}`);
}

describe("the database away, slow, cut, or another's", () => {
  describe("a database that is away is a 503 within the limits, and the service recovers by itself", () => {
    test("when it is stopped and started again", async () => {
      await using api = await testApi(access(), limits);
      await recovered(api);
      await server.stop();
      for (const answer of await askAtOnce(api, 20)) expectUnavailable(answer, "The database cannot be reached.");
      await server.start();
      await recovered(api);
    });

    test("when it is killed and started again", async () => {
      await using api = await testApi(access(), limits);
      await askAtOnce(api, 20);
      await server.kill();
      expectUnavailable(await ask(api.port, rates), expect.any(String));
      await server.start();
      await recovered(api);
    });

    test("when it is frozen and thawed, and no session is left over", async () => {
      await using api = await testApi(access(), { ...limits, DATABASE_POOL_MAX: "5" });
      await askAtOnce(api, 20);
      server.pause();
      try {
        for (const answer of await askAtOnce(api, 20))
          expectUnavailable(answer, expect.stringMatching(/within 1000 ms|busy for 1000 ms/));
      } finally {
        server.resume();
      }
      await recovered(api);
      expect((await askAtOnce(api, 20)).map(({ body }) => body)).toEqual(Array(20).fill(sound));
      await expect.poll(() => countSessions()).toBeLessThanOrEqual(5);
      expect(api.database.statistics).toMatchObject({ waiting: 0 });
    });

    test("when it is frozen under a connection that was in use a moment ago", async () => {
      await using api = await testApi(access(), { ...limits, DATABASE_PROBE_AFTER_MS: "60000" });
      await recovered(api);
      server.pause();
      try {
        expectUnavailable(await ask(api.port, rates), "The database gave no answer within 1250 ms.");
      } finally {
        server.resume();
      }
      await recovered(api);
    });

    test("when it refuses connections", async () => {
      await using proxy = await tcpProxy(server.port);
      await using api = await testApi(access(proxy), limits);
      await proxy.refuse();
      expectUnavailable(await ask(api.port, rates), "The database cannot be reached.");
      await proxy.accept();
      expect((await ask(api.port, rates)).body).toBe(sound);
    });

    test("when the database itself is missing", async () => {
      const { url, passwordFile } = access();
      await using api = await testApi({ url: `${url}_missing`, passwordFile }, limits);
      expectUnavailable(await ask(api.port, rates), "The database refuses to serve.");
      expect(api.log).toContainEqual(expect.objectContaining({ level: "warn", msg: "The database refuses to serve." }));
    });
  });

  describe("a database that is slow is a 503 within the limits", () => {
    test("for the request that waits and for those that find no free connection, until it is quick again", async () => {
      await using api = await testApi(access(), {
        ...limits,
        DATABASE_POOL_MAX: "1",
        DATABASE_CONNECT_TIMEOUT_MS: "300",
      });
      await recovered(api);
      await administer(async (locker) => {
        await locker.query("BEGIN; LOCK TABLE lane_months");
        const [first, second] = await Promise.all([ask(api.port, rates), ask(api.port, rates)]);
        expectUnavailable(first, "The database took too long to answer.");
        expectUnavailable(second, "All 1 connections to the database were busy for 300 ms.");
      });
      expect((await ask(api.port, rates)).body).toBe(sound);
    });
  });

  describe("connections that were cut while they rested cost no request", () => {
    // Found out one by one, at half a second each, the dead connections would outlast the time of this test.
    test("when they were cut silently: one is found out and speaks for all of its age", {
      timeout: 10_000,
    }, async () => {
      await using proxy = await tcpProxy(server.port);
      await using api = await testApi(access(proxy), {
        ...limits,
        DATABASE_QUERY_TIMEOUT_MS: "60000",
        DATABASE_POOL_MAX: "40",
      });
      await administer(async (locker) => {
        await locker.query("BEGIN; LOCK TABLE lane_months");
        const asked = askAtOnce(api, 40);
        await expect.poll(() => countSessions(waiting), { timeout: 5_000 }).toBe(40);
        await locker.query("ROLLBACK");
        await asked;
      });
      const before = proxy.taken;
      proxy.blackhole();
      expect((await ask(api.port, rates)).body).toBe(sound);
      expect(api.database.statistics).toEqual({ total: 1, idle: 1, waiting: 0 });
      expect(proxy.taken).toBe(before + 1);
    });

    test("when they were cut silently and many requests find it out at once", async () => {
      await using proxy = await tcpProxy(server.port);
      await using api = await testApi(access(proxy), { ...limits, DATABASE_QUERY_TIMEOUT_MS: "60000" });
      await askAtOnce(api, 20);
      proxy.blackhole();
      expect((await askAtOnce(api, 20)).map(({ body }) => body)).toEqual(Array(20).fill(sound));
    });

    test("when they were reset", async () => {
      await using proxy = await tcpProxy(server.port);
      await using api = await testApi(access(proxy), { ...limits, DATABASE_PROBE_AFTER_MS: "60000" });
      for (let round = 0; round < 5; round += 1) {
        expect((await askAtOnce(api, 20)).map(({ body }) => body)).toEqual(Array(20).fill(sound));
        proxy.reset();
      }
    });

    test("when the server ended their sessions", async () => {
      await using api = await testApi(access(), { ...limits, DATABASE_PROBE_AFTER_MS: "60000" });
      for (let round = 0; round < 5; round += 1) {
        expect((await askAtOnce(api, 20)).map(({ body }) => body)).toEqual(Array(20).fill(sound));
        await administer(endSessions);
      }
    });
  });

  describe("a read whose connection is lost under it is asked again", () => {
    test.each<[string, (proxy: TcpProxy) => unknown]>([
      ["when the server ends the session", () => administer(endSessions)],
      ["when the connection is reset", (proxy) => proxy.reset()],
    ])("%s", async (_name, lose) => {
      await using proxy = await tcpProxy(server.port);
      await using api = await testApi(access(proxy), { ...limits, DATABASE_QUERY_TIMEOUT_MS: "10000" });
      const answer = await administer(async (locker) => {
        await locker.query("BEGIN; LOCK TABLE lane_months");
        const asked = ask(api.port, rates);
        await expect.poll(() => countSessions(waiting)).toBe(1);
        await lose(proxy);
        await locker.query("ROLLBACK");
        return await asked;
      });
      expect(answer.body).toBe(sound);
    });
  });

  test("reads that share a statement which is lost are all asked again, and none gets another's answer", async () => {
    await using api = await testApi(access(), {
      ...limits,
      DATABASE_QUERY_TIMEOUT_MS: "10000",
      DATABASE_GATHER_MAX: "16",
    });
    const days = Array.from({ length: 12 }, (_, index) => `2021-01-${10 + index}`);
    const paths = days.map((day) => rates.replaceAll("2021-01-31", day));
    const expected = await Promise.all(paths.map((path) => ask(api.port, path)));
    const answers = await administer(async (locker) => {
      await locker.query("BEGIN; LOCK TABLE lane_months");
      const asked = paths.map((path) => ask(api.port, path));
      await expect.poll(() => countSessions(waiting)).toBeGreaterThan(0);
      await endSessions(locker);
      await locker.query("ROLLBACK");
      return await Promise.all(asked);
    });
    expect(answers.map(({ body }) => body)).toEqual(expected.map(({ body }) => body));
    expect(answers.map(({ body }) => JSON.parse(body).rates[0].day)).toEqual(days);
  });

  test("a database that turns into another copy's is a 503 and an error in the log that names both", async () => {
    const becomes = (id: string) =>
      administer((client) => client.query(`ALTER DATABASE ${name} SET rates.copy_id = '${id}'`));
    await becomes("mine");
    try {
      await using api = await testApi(access(), { ...limits, COPY_ID: "mine" });
      expect((await ask(api.port, rates)).body).toBe(sound);
      await becomes("theirs");
      await administer(endSessions);
      await expect.poll(async () => (await ask(api.port, rates)).status).toBe(503);
      const problem = JSON.parse((await ask(api.port, rates)).body);
      expect(problem).toMatchObject({
        type: "urn:rates:problem:wrong-copy",
        detail: expect.stringMatching(/"mine".*"theirs"/),
      });
      expect(api.log).toContainEqual(expect.objectContaining({ level: "error", msg: problem.detail }));
      await becomes("mine");
      await recovered(api);
    } finally {
      await administer((client) => client.query(`ALTER DATABASE ${name} RESET rates.copy_id`));
    }
  });

  test("a rotated password is taken up from its file", async () => {
    const directory = mkdtempSync(join(tmpdir(), "rates-password-"));
    const passwordFile = join(directory, "password");
    const rotate = async (password: string) => {
      await administer((client) => client.query(`ALTER ROLE rotating PASSWORD '${password}'`));
      writeFileSync(passwordFile, `${password}\n`);
      await administer(endSessions);
    };
    await administer((client) =>
      client.query("CREATE ROLE rotating LOGIN; GRANT SELECT ON data_version, lanes, lane_months TO rotating"),
    );
    await rotate("one");
    try {
      await using api = await testApi({ ...access({ user: "rotating" }), passwordFile }, limits);
      expect((await ask(api.port, rates)).body).toBe(sound);
      await rotate("two");
      expect((await ask(api.port, rates)).body).toBe(sound);
      writeFileSync(passwordFile, "three");
      await administer(endSessions);
      await expect.poll(async () => (await ask(api.port, rates)).status).toBe(503);
      expect(JSON.stringify(api.log)).not.toContain("three");
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test("a fault of ours is a 500 that tells the client nothing and the log everything", async () => {
    await using api = await testApi(access(), limits);
    await administer((client) => client.query("ALTER TABLE lane_months RENAME TO hidden"));
    try {
      const { status, headers, body } = await ask(api.port, rates);
      expect([status, headers["content-type"]]).toEqual([500, "application/problem+json; charset=utf-8"]);
      expect(body).not.toMatch(/lane_months|SELECT|relation/);
      expect(JSON.stringify(api.log)).toContain('relation \\"lane_months\\" does not exist');
      expect(api.log).toContainEqual(expect.objectContaining({ level: "error", requestId: headers["x-request-id"] }));
    } finally {
      await administer((client) => client.query("ALTER TABLE hidden RENAME TO lane_months"));
    }
  });

  test("many clients over few connections are all answered", async () => {
    await using api = await testApi(access(), {
      ...limits,
      DATABASE_POOL_MAX: "2",
      DATABASE_CONNECT_TIMEOUT_MS: "20000",
      DATABASE_QUERY_TIMEOUT_MS: "20000",
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 50 });
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask(api.port, rates, { agent })));
    agent.destroy();
    expect(answers.filter(({ body }) => body !== sound)).toEqual([]);
    expect(api.database.statistics.total).toBeLessThanOrEqual(2);
  });
});

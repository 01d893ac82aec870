import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../../../tests/support/database";
import { type TestApi, testApi } from "../../../testing/api";
import { ask } from "../../../testing/http";
import { Probes } from "./probes";

let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await testDatabase("migrated");
  api = await testApi(database);
});

afterAll(async () => {
  await api?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

/** Nothing listens on port 1, and the password is not asked for before somebody does. */
const noDatabase = { url: "postgres://rates@127.0.0.1:1/rates", passwordFile: "/dev/null" };
const proxy = { headers: { "X-Probe": "proxy" } };

describe("HTTP: readiness, problems, request ids", () => {
  test("the root greets", async () => {
    const { status, headers, body } = await ask(api.port, "/");
    expect([status, headers["content-type"], body]).toEqual([
      200,
      "application/json; charset=utf-8",
      '{"message":"Hello world!"}',
    ]);
  });

  test("/health answers whatever the database does", async () => {
    await using lonely = await testApi(noDatabase);
    expect((await ask(lonely.port, "/health")).status).toBe(200);
  });

  describe("/ready", () => {
    test("is 200 to everybody while the database answers", async () => {
      expect((await ask(api.port, "/ready")).body).toBe('{"status":"ready"}');
      expect((await ask(api.port, "/ready", proxy)).status).toBe(200);
    });

    test("is 503 with the reason to others, and still 200 to a proxy, when the database is away", async () => {
      await using lonely = await testApi(noDatabase);
      const { status, headers, body } = await ask(lonely.port, "/ready");
      expect([status, headers["retry-after"]]).toEqual([503, "1"]);
      expect(JSON.parse(body)).toMatchObject({
        type: "urn:rates:problem:database-unavailable",
        detail: "The database cannot be reached.",
      });
      expect((await ask(lonely.port, "/ready", proxy)).status).toBe(200);
    });

    test("is 503 naming what the database lacks to others, and still 200 to a proxy, before migrations are in", async () => {
      await using old = await testDatabase("pristine");
      await using service = await testApi(old, { RATES_CACHE_MAX_BYTES: "0" });
      const { status, body } = await ask(service.port, "/ready");
      expect([status, JSON.parse(body)]).toMatchObject([
        503,
        {
          type: "urn:rates:problem:migrations-missing",
          detail: expect.stringMatching(/lacks the migrations 001-working-tables, .*run `rates migrate`/),
        },
      ]);
      expect((await ask(service.port, "/ready", proxy)).status).toBe(200);
    });

    test("is 404 to a proxy and 503 to others once the process drains, and every answer closes its connection", async () => {
      await using draining = await testApi(database);
      expect((await ask(draining.port, "/health", { headers: { Connection: "keep-alive" } })).headers.connection).toBe(
        "keep-alive",
      );
      draining.lifecycle.drain();
      const answers = await Promise.all(
        ["/ready", "/health", "/nope", "/rates"].map((path) => ask(draining.port, path)),
      );
      expect(answers.map(({ status }) => status)).toEqual([503, 200, 404, 400]);
      expect(answers.map(({ headers }) => headers.connection)).toEqual(["close", "close", "close", "close"]);
      expect(await ask(draining.port, "/ready", proxy)).toMatchObject({
        status: 404,
        headers: { connection: "close" },
      });
    });
  });

  describe("/healthy", () => {
    test("is 200 from when the process serves until it drains, where no proxy is in front", async () => {
      await using alone = await testApi(database);
      expect(await ask(alone.port, "/healthy")).toMatchObject({ status: 200, body: '{"status":"healthy"}' });
      alone.lifecycle.drain();
      const { status, body } = await ask(alone.port, "/healthy");
      expect([status, JSON.parse(body).detail]).toEqual([503, expect.stringContaining("draining")]);
    });

    test("with PROXY_GATE=1 waits for two probes that were answered 200, and then stays", async () => {
      await using gated = await testApi(database, { PROXY_GATE: "1" });
      const healthy = async () => (await ask(gated.port, "/healthy")).status;
      expect(await healthy()).toBe(503);
      for (let count = 0; count < 3; count += 1) await ask(gated.port, "/ready");
      expect(await healthy(), "asked by others than a proxy").toBe(503);
      await ask(gated.port, "/ready", proxy);
      const { body } = await ask(gated.port, "/healthy");
      expect(JSON.parse(body)).toMatchObject({ status: 503, detail: expect.stringContaining("twice") });
      await ask(gated.port, "/ready", proxy);
      expect(await healthy()).toBe(200);
      expect(await healthy(), "no further probe is needed").toBe(200);
    });

    test("counts no probe that came before the process served", () => {
      const probes = new Probes();
      for (let count = 0; count < 5; count += 1) probes.answered({ isServing: false, isDraining: false });
      expect(probes.isKnown).toBe(false);
      for (let count = 0; count < 2; count += 1) probes.answered({ isServing: true, isDraining: false });
      expect(probes.isKnown).toBe(true);
      probes.answered({ isServing: false, isDraining: true });
      expect(probes.isKnown).toBe(true);
    });
  });

  describe("what does not exist is a problem", () => {
    test.each([
      ["GET", "/nope", 404],
      ["POST", "/nope", 404],
      ["GET", "/rates/", 404],
      ["GET", "//rates", 404],
      ["GET", "/RATES", 404],
      ["GET", `/${"n".repeat(9_000)}`, 404],
      ["GET", "/%00", 404],
      ["GET", "/%zz", 400],
      ["PROPFIND", "/nope", 404],
      ["POST", "/rates", 405],
      ["DELETE", "/rates", 405],
      ["OPTIONS", "/rates", 405],
      ["PROPFIND", "/rates", 405],
      ["PUT", "/ready", 405],
      ["PATCH", "/?unknown=1", 405],
    ])("%s %.20s is %i", async (method, path, status) => {
      const { headers, body, ...answer } = await ask(api.port, path, { method });
      expect(answer.status).toBe(status);
      expect(headers).toMatchObject({
        "content-type": "application/problem+json; charset=utf-8",
        "x-revision": "test-revision",
      });
      expect(JSON.parse(body)).toMatchObject({ type: "about:blank", status, instance: headers["x-request-id"] });
      expect(headers.allow).toBe(status === 405 ? "GET, HEAD" : undefined);
      expect(body.length).toBeLessThan(600);
    });

    test("also with a body that nobody would read", async () => {
      const sent = { method: "POST", headers: { "Content-Type": "text/csv" }, body: "a,b" };
      expect((await ask(api.port, "/rates", sent)).status).toBe(405);
      expect((await ask(api.port, "/nope", { ...sent, headers: { "Content-Type": "application/json" } })).status).toBe(
        404,
      );
    });
  });

  test("every route refuses query fields that it does not know", async () => {
    for (const path of ["/", "/health", "/ready", "/metrics", "/openapi.json"]) {
      const { status, body } = await ask(api.port, `${path}?verbose=1`);
      expect([path, status, JSON.parse(body).errors]).toEqual([
        path,
        400,
        [{ field: "verbose", value: "1", reason: "is not a known field; there are none" }],
      ]);
    }
  });

  test("HEAD answers as GET does, without a body", async () => {
    const { status, body, headers } = await ask(api.port, "/", { method: "HEAD" });
    expect([status, body, headers["content-length"]]).toEqual([200, "", "26"]);
  });

  describe("the request id", () => {
    const idFor = async (given: string) =>
      (await ask(api.port, "/health", { headers: { "X-Request-Id": given } })).headers["x-request-id"];
    const generated = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

    test.each(["7", "abc-123_x.y~z:1/2+3=@", "a".repeat(128)])("%.20s is kept", async (given) => {
      expect(await idFor(given)).toBe(given);
    });

    test.each([
      ["too long", "a".repeat(129)],
      ["empty", ""],
      ["with space", "a b"],
      ["with quotes", '"a"'],
      ["not ASCII", "é"],
    ])("is generated when the given one is %s", async (_name, given) => {
      expect(await idFor(given)).toMatch(generated);
    });

    test("stands in the log with method, URL and status, and no two requests share one", async () => {
      const [first, second] = await Promise.all([ask(api.port, "/"), ask(api.port, "/nope")]);
      expect(first.headers["x-request-id"]).not.toBe(second.headers["x-request-id"]);
      await expect
        .poll(() => api.log)
        .toContainEqual(
          expect.objectContaining({
            requestId: second.headers["x-request-id"],
            method: "GET",
            url: "/nope",
            status: 404,
            msg: "answered",
          }),
        );
    });
  });
});

import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestApi, testApi } from "../../../testing/api";
import { ask, askRaw } from "../../../testing/http";

let api: TestApi;

beforeAll(async () => {
  // The database is never asked here.
  api = await testApi({ url: "postgres://rates@127.0.0.1:1/rates", passwordFile: "/dev/null" });
});

afterAll(() => api?.[Symbol.asyncDispose]());

const end = "Host: x\r\nConnection: close\r\n\r\n";

describe("HTTP that is none", () => {
  describe("what is not a valid HTTP request is answered with a problem and the usual headers", () => {
    test.each([
      ["a URL of 100 kB", `GET /rates?orig_code=${"x".repeat(100_000)} HTTP/1.1\r\n${end}`, 431],
      ["a URL of 3 MB", `GET /rates?orig_code=${"x".repeat(3_000_000)} HTTP/1.1\r\n${end}`, 431],
      ["headers of 100 kB", `GET /health HTTP/1.1\r\nX-Long: ${"x".repeat(100_000)}\r\n${end}`, 431],
      ["another protocol", "\x16\x03\x01 hello\r\n\r\n", 400],
      ["an unknown method", `FETCH / HTTP/1.1\r\n${end}`, 400],
      ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
      ["a raw NUL in the URL", `GET /rates?orig_code=\0 HTTP/1.1\r\n${end}`, 400],
      ["a header without a colon", `GET / HTTP/1.1\r\nnonsense\r\n${end}`, 400],
      ["two lengths", `POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n${end}`, 400],
      ["no Host", "GET /health HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
    ])("%s", async (_name, bytes, status) => {
      const answer = await askRaw(api.port, bytes);
      expect(answer.status).toBe(status);
      expect(answer.headers).toMatchObject({ "x-revision": "test-revision", connection: "close" });
      expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
      expect(JSON.parse(answer.body)).toMatchObject({
        status,
        type: "about:blank",
        instance: answer.headers["x-request-id"],
      });
    });
  });

  test("a long URL within the limit is answered", async () => {
    expect((await ask(api.port, `/health?${"x".repeat(15_000)}`)).status).toBe(400);
  });

  test("a client that sends its headers too slowly gets 408", async () => {
    await using patient = await testApi({ url: "postgres://rates@127.0.0.1:1/rates", passwordFile: "/dev/null" });
    patient.http.server.headersTimeout = 100;
    const answer = await askRaw(patient.port, "GET /health HTTP/1.1\r\nHost: x\r\n");
    expect(answer.status).toBe(408);
    expect(JSON.parse(answer.body)).toMatchObject({
      title: "Request Timeout",
      instance: answer.headers["x-request-id"],
    });
  });

  test("an expectation that nobody knows is ignored", async () => {
    const answer = await askRaw(api.port, `GET /health HTTP/1.1\r\nExpect: miracles\r\n${end}`);
    expect([answer.status, answer.headers["x-revision"]]).toEqual([200, "test-revision"]);
  });

  test("an absolute URL is taken as RFC 9112 wants it", async () => {
    expect((await askRaw(api.port, `GET http://rates.example/health HTTP/1.1\r\n${end}`)).status).toBe(200);
  });

  test("nonsense after a request does not spoil the answer to the request", async () => {
    const socket = connect({ host: "127.0.0.1", port: api.port });
    socket.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    socket.once("data", () => socket.write("nonsense\r\n\r\n"));
    const answers = await text(socket);
    expect(answers).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*\{"status":"alive"\}HTTP\/1\.1 400 Bad Request/);
  });
});

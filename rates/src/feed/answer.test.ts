import { describe, expect, test } from "vitest";
import { answerOf } from "./answer";

const answer = (status: number, body: string, headers = {}) =>
  answerOf({ status, body, headers, sentAt: 0, tookMs: 0 });

describe("an answer", () => {
  test.each([
    [200, '{"data":[]}', "page"],
    [200, "null", "failed"],
    [200, '{"data":[{"id":"a"', "failed"],
    [400, '{"error":"CURSOR_EXPIRED"}', "stale"],
    [400, '{"error":{"code":"CURSOR_INVALID"}}', "stale"],
    [410, "", "stale"],
    [400, '{"error":"LIMIT_TOO_LARGE","message":"at most 1000"}', "narrower"],
    [413, "", "narrower"],
    [401, "", "closed"],
    [403, '{"code":"DASHBOARD_REQUIRED"}', "closed"],
    [404, "", "closed"],
    [302, "", "closed"],
    [500, "", "failed"],
    [503, "<html>", "failed"],
    [408, "", "failed"],
  ])("%i with %s is %s", (status, body, kind) => {
    expect(answer(status, body).kind).toBe(kind);
  });

  test("of 502 is a failure that may be a dead cursor", () => {
    expect(answer(502, "")).toMatchObject({ kind: "failed", mayBeStale: true });
  });

  test("that leads elsewhere names the host and nothing else of the address", () => {
    expect(answer(302, "", { location: "http://other.example/x?key=secret" })).toEqual({
      kind: "closed",
      why: "302 to other.example, which is not followed",
    });
  });
});

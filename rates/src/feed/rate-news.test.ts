import { describe, expect, test } from "vitest";
import { type Headers, rateNewsOf, retryAtOf } from "./rate-news";

const now = Date.UTC(2025, 0, 1, 12, 0, 0, 250);
const clock = { now, marginMs: 1_000 };
const inSeconds = (seconds: number) => Math.floor(now / 1000) + seconds;

describe("what an answer says of the rate limit", () => {
  test.each<[string, Headers, number | undefined]>([
    ["seconds that are left", { "x-ratelimit-reset": "30" }, now + 31_000],
    ["a fraction of seconds that are left", { "x-ratelimit-reset": "1.5" }, now + 1_500],
    ["seconds since 1970", { "x-ratelimit-reset": String(inSeconds(30)) }, inSeconds(31) * 1000],
    ["ms since 1970", { "x-ratelimit-reset": String(now + 30_000) }, now + 30_000],
    ["the header without X-", { "ratelimit-reset": "30" }, now + 31_000],
    ["no header", {}, undefined],
    ["nonsense", { "x-ratelimit-reset": "soon" }, undefined],
    [
      "seconds since 1970 of a clock that is a minute ahead",
      { "x-ratelimit-reset": String(inSeconds(90)), date: new Date(now - 250 + 60_000).toUTCString() },
      inSeconds(90) * 1000 - 59_750 + 1_000,
    ],
  ])("%s: the window's end is never too early", (_name, headers, expected) => {
    expect(rateNewsOf(headers, clock).resetAt).toBe(expected);
  });

  test.each<[Headers, object]>([
    [
      { "x-ratelimit-limit": "10", "x-ratelimit-remaining": "0" },
      { limit: 10, remaining: 0 },
    ],
    [{ "x-ratelimit-limit": ["10", "20"] }, { limit: 10, remaining: undefined }],
    [
      { "x-ratelimit-limit": "", "x-ratelimit-remaining": "-1" },
      { limit: undefined, remaining: undefined },
    ],
  ])("%j: what is absent is unknown, not zero", (headers, expected) => {
    expect(rateNewsOf(headers, clock)).toMatchObject(expected);
  });
});

describe("when a refused request may be sent again", () => {
  test.each<[string, Headers, string, number | undefined]>([
    ["Retry-After in seconds", { "retry-after": "3" }, "", now + 3_000],
    ["Retry-After in ms", { "retry-after": "30000" }, "", now + 30_000],
    ["Retry-After as a date", { "retry-after": new Date(now + 4_750).toUTCString() }, "", now + 5_750],
    ["retryAfter in the body", {}, '{"retryAfter":2}', now + 2_000],
    ["retryAfter in an error in the body", {}, '{"error":{"code":"X","retryAfter":"2"}}', now + 2_000],
    ["rateLimit.reset in the body", {}, `{"rateLimit":{"reset":${now + 5_000}}}`, now + 5_000],
    ["a header and a body: the later", { "retry-after": "1" }, '{"retryAfter":2}', now + 2_000],
    ["the window's reset alone", { "x-ratelimit-reset": "7" }, "", now + 8_000],
    ["nothing", {}, "slow down", undefined],
    ["nonsense", { "retry-after": "later" }, "null", undefined],
  ])("%s", (_name, headers, body, expected) => {
    expect(retryAtOf(headers, body, clock)).toBe(expected);
  });
});

import { afterAll, beforeAll, expect, test } from "vitest";
import { askPage, openStream, setOnly } from "./feed-client";
import { RateLimiter } from "./rate-limit";
import { type FeedSimulator, startFeed } from "./simulator";
import type { RateLimit } from "./switches";

/** Longer than any test: no window ends within one. */
const HOUR: RateLimit = { requests: 2, windowMs: 3_600_000, window: "from-first" };

const granted = (limit: RateLimit, times: readonly number[]) => {
  const limiter = new RateLimiter();
  return times.map((now) => limiter.admit(limit, now).isGranted);
};

test.each([
  ["from-first", [100_500, 100_900, 101_400, 101_500], [true, true, false, true]],
  ["aligned", [100_500, 100_900, 100_999, 101_000], [true, true, false, true]],
  ["sliding", [100_500, 100_900, 101_500, 101_600, 101_900], [true, true, true, false, true]],
] as const)("a window %s of 1,000 ms has room for two", (window, times, wanted) => {
  expect(granted({ requests: 2, windowMs: 1_000, window }, times)).toEqual(wanted);
});

test("who comes when the limit says it resets is let through", () => {
  for (const window of ["from-first", "aligned", "sliding"] as const) {
    const limit = { requests: 3, windowMs: 777, window };
    const limiter = new RateLimiter();
    let now = 123_456;
    for (let turn = 0; turn < 50; turn += 1) {
      const admission = limiter.admit(limit, now);
      if (admission.isGranted) now += 40;
      else {
        now = admission.resetsAt;
        expect(limiter.admit(limit, now).isGranted).toBe(true);
      }
    }
  }
});

let upstream: FeedSimulator;

beforeAll(async () => {
  upstream = await startFeed({ total: 100 });
});
afterAll(() => upstream[Symbol.asyncDispose]());

/** Uses up a window of a process of its own. @returns the answers: two pages, then a refusal */
async function exhausted(given: Parameters<typeof setOnly>[1]) {
  await upstream.restart();
  await setOnly(upstream, { rateLimit: HOUR, ...given });
  const answers = [await askPage(upstream, {}), await askPage(upstream, {}), await askPage(upstream, {})];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
  return answers.map(({ headers, body }) => ({ headers, body: JSON.parse(body) }));
}

test.each([
  ["epoch-s", (reset: number) => reset * 1_000 - Date.now()],
  ["epoch-ms", (reset: number) => reset - Date.now()],
  ["seconds-left", (reset: number) => reset * 1_000],
] as const)("the reset is told in %s, on pages and refusals", async (rateHeaders, leftOf) => {
  const answers = await exhausted({ rateHeaders });
  expect(answers.map(({ headers }) => headers["x-ratelimit-limit"])).toEqual(["2", "2", "2"]);
  expect(answers.map(({ headers }) => headers["x-ratelimit-remaining"])).toEqual(["1", "0", "0"]);
  for (const { headers } of answers) {
    const left = leftOf(Number(headers["x-ratelimit-reset"]));
    expect(left).toBeGreaterThan(HOUR.windowMs - 60_000);
    expect(left).toBeLessThanOrEqual(HOUR.windowMs + 1_000);
  }
});

test("Retry-After has seconds, a date, or is not there", async () => {
  const seconds = (await exhausted({ retryAfter: "seconds" }))[2]?.headers["retry-after"];
  expect(Number(seconds)).toBeGreaterThan(3_500);
  const date = (await exhausted({ retryAfter: "date" }))[2]?.headers["retry-after"];
  expect(date).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
  expect(Date.parse(String(date))).toBeGreaterThan(Date.now() + HOUR.windowMs - 60_000);
  expect((await exhausted({ retryAfter: "absent" }))[2]?.headers).not.toHaveProperty("retry-after");
});

test("the body of a refusal has retryAfter, rateLimit.reset, or neither", async () => {
  expect((await exhausted({ rateBody: "retryAfter" }))[2]?.body.retryAfter).toBeGreaterThan(3_500);
  const { rateLimit } = (await exhausted({ rateBody: "rateLimit.reset", rateHeaders: "seconds-left" }))[2]?.body ?? {};
  expect(rateLimit).toMatchObject({ limit: 2, remaining: 0 });
  expect(rateLimit.reset).toBeGreaterThan(3_500);
  const { body } = (await exhausted({ rateBody: "none" }))[2] ?? {};
  expect(body).not.toHaveProperty("retryAfter");
  expect(body).not.toHaveProperty("rateLimit");
});

test("a limit may come without any header", async () => {
  for (const { headers } of await exhausted({ rateHeaders: "none", retryAfter: "absent" })) {
    expect(Object.keys(headers).filter((name) => /ratelimit|retry/.test(name))).toEqual([]);
  }
});

test("the stream has a limit of its own, and each window is counted", async () => {
  await exhausted({ streamRateLimit: { ...HOUR, requests: 1 } });
  const stream = await openStream(upstream);
  expect((await askPage(upstream, stream)).status).toBe(200);
  expect((await askPage(upstream, stream)).status).toBe(429);
  const { windows } = await upstream.statistics();
  const latest = new Map(Object.entries(windows).map(([name, requests]) => [name.split(" ")[0], requests]));
  expect(latest).toEqual(
    new Map([
      ["/api/v1/events", 2],
      ["/internal/dashboard/stream", 1],
    ]),
  );
});

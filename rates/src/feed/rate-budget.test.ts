import { describe, expect, test } from "vitest";
import { RateLimiter, rateHeaders, rateRefusal } from "../../../tests/upstreams/feed/rate-limit";
import { DEFAULTS, type RateLimit, type Switches } from "../../../tests/upstreams/feed/switches";
import { RateBudget } from "./rate-budget";
import { rateNewsOf, retryAtOf } from "./rate-news";

const REQUESTS = 10;

interface Spent {
  readonly refusals: number;
  /** Requests that were granted, by when their window began. */
  readonly windows: ReadonlyMap<number, number>;
}

/** Sends requests that are answered at once, by the simulated upstream's own limiter. */
async function spend(
  limit: RateLimit,
  given: Partial<Switches>,
  { total, workers }: { total: number; workers: number },
): Promise<Spent> {
  const switches = { ...DEFAULTS, ...given };
  const [limiter, budget] = [new RateLimiter(), new RateBudget(1_000)];
  const windows = new Map<number, number>();
  const signal = new AbortController().signal;
  let [granted, refusals] = [0, 0];
  const work = async () => {
    while (granted < total) {
      await budget.take(signal);
      const admission = limiter.admit(limit);
      const { headers, body } = admission.isGranted
        ? { headers: rateHeaders(admission, switches), body: "" }
        : rateRefusal(admission, switches);
      const lower = Object.fromEntries(
        Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
      );
      const clock = { now: Date.now(), marginMs: budget.marginMs };
      if (admission.isGranted) {
        granted += 1;
        windows.set(admission.window, (windows.get(admission.window) ?? 0) + 1);
        budget.settle(rateNewsOf(lower, clock));
      } else {
        refusals += 1;
        budget.refuse(retryAtOf(lower, String(body), clock), rateNewsOf(lower, clock));
      }
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return { refusals, windows };
}

const fromFirst = (windowMs: number): RateLimit => ({ requests: REQUESTS, windowMs, window: "from-first" });

describe.concurrent("a rate limit", () => {
  test.each<[string, RateLimit, Partial<Switches>, number]>([
    ["told in ms since 1970", fromFirst(200), { rateHeaders: "epoch-ms" }, 0],
    ["told in seconds since 1970", fromFirst(1_000), { rateHeaders: "epoch-s" }, 0],
    ["told in seconds that are left", fromFirst(1_000), { rateHeaders: "seconds-left" }, 0],
    ["of windows by the clock", { ...fromFirst(200), window: "aligned" }, { rateHeaders: "epoch-ms" }, 0],
    ["told by a refusal's Retry-After alone", fromFirst(1_000), { rateHeaders: "none" }, 1],
    [
      "told by a refusal's date alone",
      fromFirst(1_000),
      { rateHeaders: "none", retryAfter: "date", rateBody: "none" },
      1,
    ],
    ["never told", fromFirst(300), { rateHeaders: "none", retryAfter: "absent", rateBody: "none" }, 1],
  ])("%s is used up and not exceeded, by one worker and by four", async (_name, limit, switches, most) => {
    for (const workers of [1, 4]) {
      const { refusals, windows } = await spend(limit, switches, { total: 3 * REQUESTS, workers });
      expect(refusals).toBeLessThanOrEqual(most + (most > 0 ? workers - 1 : 0));
      const full = [...windows.values()].filter((requests) => requests === REQUESTS).length;
      // By the clock, the first window has begun before.
      expect(full).toBeGreaterThanOrEqual(windows.size - 2);
    }
  });

  test("of a window that moves on is not exceeded but to find that out", async () => {
    const limit: RateLimit = { requests: REQUESTS, windowMs: 200, window: "sliding" };
    const { refusals } = await spend(limit, { rateHeaders: "epoch-ms" }, { total: 6 * REQUESTS, workers: 1 });
    expect(refusals).toBeLessThanOrEqual(1);
  });

  test("whose moments are rounded down is met once too early, and a second later from then on", async () => {
    const budget = new RateBudget(1_000);
    const signal = new AbortController().signal;
    await budget.take(signal);
    budget.settle({ limit: 1, remaining: 0, resetAt: Date.now() + 20 });
    await budget.take(signal);
    expect(budget.marginMs).toBe(0);
    budget.refuse(Date.now() + 20, { limit: 1, remaining: 0, resetAt: undefined });
    expect(budget.marginMs).toBe(1_000);
  });
});

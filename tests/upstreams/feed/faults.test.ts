import { afterAll, beforeAll, expect, test } from "vitest";
import { askPage, readBytes, readPage, setOnly } from "./feed-client";
import { type FeedSimulator, startFeed } from "./simulator";
import type { Fault, Switches } from "./switches";

let upstream: FeedSimulator;

beforeAll(async () => {
  upstream = await startFeed({ total: 1_000 });
});
afterAll(() => upstream[Symbol.asyncDispose]());

/** What requests with nothing but a fault are answered: status and body, or why there is none. */
async function answers(fault: Fault, given: Partial<Switches> = {}, times = 12) {
  await setOnly(upstream, { ...given, faults: { [fault]: 1 } });
  const all: { status: number; body: string; headers: Record<string, unknown> }[] = [];
  for (let turn = 0; turn < times; turn += 1) {
    all.push(await askPage(upstream, {}).catch((error) => ({ status: 0, body: String(error), headers: {} })));
  }
  return all;
}

test("errors are 500, 502, 503 and 504", async () => {
  const statuses = new Set((await answers("error", {}, 40)).map(({ status }) => status));
  expect([...statuses].sort()).toEqual([500, 502, 503, 504]);
});

test("errors come in bursts of the same length", async () => {
  await using own = await startFeed({ total: 100, faults: { error: 0.1 }, errorBurst: 4 });
  const marks: string[] = [];
  for (let turn = 0; turn < 150; turn += 1) marks.push((await askPage(own, {})).status === 200 ? " " : "x");
  const bursts = marks
    .join("")
    .trimEnd()
    .split(/ +/)
    .filter((burst) => burst !== "");
  expect(bursts.length).toBeGreaterThan(1);
  // A last one may be under way, and two may follow each other at once.
  expect(bursts.slice(0, -1).every((burst) => burst.length % 4 === 0)).toBe(true);
});

test("resets come before and within the answer", async () => {
  const all = await answers("reset");
  expect(all.every(({ status }) => status === 0)).toBe(true);
  expect(new Set(all.map(({ body }) => /aborted|hang up|ECONNRESET/.test(body)))).toEqual(new Set([true]));
});

test("truncated JSON is a whole answer that cannot be parsed", async () => {
  for (const { status, body } of await answers("truncated")) {
    expect(status).toBe(200);
    expect(() => JSON.parse(body)).toThrow(SyntaxError);
  }
});

test("null is null", async () => {
  expect((await answers("null")).every(({ status, body }) => status === 200 && body === "null")).toBe(true);
});

test.each(["flat", "nested"] as const)(
  "data and hasMore are missing from a %s page, a cursor is lost",
  async (body) => {
    const [noData, noHasMore, lostCursor] = [
      JSON.parse((await answers("no-data", { body }, 1))[0]?.body ?? ""),
      JSON.parse((await answers("no-has-more", { body }, 1))[0]?.body ?? ""),
      JSON.parse((await answers("lost-cursor", { body }, 1))[0]?.body ?? ""),
    ];
    const endOf = (page: Record<string, unknown>) => page["pagination"] ?? page;
    expect(noData).not.toHaveProperty("data");
    expect(endOf(noData)).toMatchObject({ hasMore: true, nextCursor: expect.any(String) });
    expect(noHasMore.data).toHaveLength(100);
    expect(endOf(noHasMore)).not.toHaveProperty("hasMore");
    expect(endOf(noHasMore)).toHaveProperty("nextCursor");
    expect(endOf(lostCursor)).toHaveProperty("hasMore", true);
    expect(endOf(lostCursor)).not.toHaveProperty("nextCursor");
  },
);

test("a lasting loss strikes the same pages each time, and not with another limit", async () => {
  await setOnly(upstream, { faults: { "lost-cursor": 0.3 }, cursorLossLasts: true });
  const losses = async () => {
    const lost: number[] = [];
    for (let limit = 1; limit <= 60; limit += 1) {
      if (typeof (await readPage(upstream, { limit })).nextCursor !== "string") lost.push(limit);
    }
    return lost;
  };
  const first = await losses();
  expect(first.length).toBeGreaterThan(5);
  expect(first.length).toBeLessThan(40);
  expect(await losses()).toEqual(first);
});

test("a redirect leads to another host, which tells who came with the key", async () => {
  const [redirect] = await answers("redirect", {}, 1);
  expect(redirect?.status).toBe(302);
  const location = String(redirect?.headers["location"]);
  expect(location).toMatch(/^http:\/\/localhost:\d+\/api\/v1\/events$/);
  const before = await upstream.statistics();
  await fetch(location);
  await fetch(location, { headers: { "X-API-Key": upstream.key } });
  const after = await upstream.statistics();
  expect(after.foreign - before.foreign).toBe(2);
  expect(after.foreignWithSecret - before.foreignWithSecret).toBe(1);
});

test("a stalled answer never comes, and its client's leaving is seen", async () => {
  await setOnly(upstream, { faults: { stall: 1 } });
  const name = "GET /api/v1/events 0";
  const before = (await upstream.statistics()).requests[name] ?? 0;
  for (let turn = 0; turn < 6; turn += 1) {
    const left = fetch(`${upstream.url}/api/v1/events`, {
      headers: { "X-API-Key": upstream.key },
      signal: AbortSignal.timeout(100),
    });
    await expect(left.then((answer) => answer.text())).rejects.toThrow("timeout");
  }
  await expect.poll(async () => (await upstream.statistics()).requests[name]).toBe(before + 6);
});

test("a dripping answer is whole in the end, and an oversized one as long as set", async () => {
  await setOnly(upstream, { faults: { drip: 1 }, dripMs: 40 });
  expect((await readPage(upstream)).data).toHaveLength(100);
  await setOnly(upstream, { faults: { oversized: 1 }, oversizedBytes: 8 * 2 ** 20 });
  expect(await readBytes(upstream, Number.POSITIVE_INFINITY)).toBeGreaterThanOrEqual(8 * 2 ** 20);
  await upstream.set({ oversizedBytes: 2 ** 40 });
  expect(await readBytes(upstream, 2 ** 20)).toBeGreaterThanOrEqual(2 ** 20);
});

test("the same seed has the same requests go wrong, and a restart has others", async () => {
  const mixture = { total: 100, seed: 9, faults: { error: 0.2, null: 0.2, "no-data": 0.2 } };
  const course = async (feed: FeedSimulator) => {
    const seen: string[] = [];
    for (let turn = 0; turn < 30; turn += 1) {
      const { status, body } = await askPage(feed, {});
      seen.push(`${status}${body.length < 200 ? body : ""}`);
    }
    return seen.join();
  };
  await using one = await startFeed(mixture);
  await using other = await startFeed(mixture);
  const first = await course(one);
  expect(first).toContain("null");
  expect(await course(other)).toBe(first);
  await one.restart();
  expect(await course(one)).not.toBe(first);
});

import { afterAll, beforeAll, expect, test } from "vitest";
import { askPage, openStream, readPage, readPages, setOnly } from "./feed-client";
import { type FeedSimulator, startFeed } from "./simulator";

let upstream: FeedSimulator;

beforeAll(async () => {
  upstream = await startFeed({ total: 500 });
});
afterAll(() => upstream[Symbol.asyncDispose]());

const LIMIT = { limit: 50 };

test.each([
  ["by-cause", 400, "CURSOR_EXPIRED", "CURSOR_INVALID"],
  ["expired", 400, "CURSOR_EXPIRED", "CURSOR_EXPIRED"],
  ["invalid", 400, "CURSOR_INVALID", "CURSOR_INVALID"],
  ["gone", 410, "GONE", "GONE"],
  ["bad-gateway", 502, "Bad Gateway", "Bad Gateway"],
  ["empty-page", 200, '"data":[]', '"data":[]'],
] as const)("a stale cursor is answered %s: %d", async (staleCursor, status, ofOld, ofUnknown) => {
  await setOnly(upstream, { staleCursor });
  const { nextCursor: cursor } = await readPage(upstream, LIMIT);
  // No cursor is younger than that.
  await setOnly(upstream, { staleCursor, cursorTtlMs: -1 });
  expect(await askPage(upstream, { ...LIMIT, cursor })).toMatchObject({ status, body: expect.stringContaining(ofOld) });
  for (const unknown of ["x", "", `${cursor}x`, cursor?.slice(1)]) {
    const answer = await askPage(upstream, { ...LIMIT, cursor: unknown });
    expect(answer).toMatchObject({ status, body: expect.stringContaining(ofUnknown) });
  }
});

test("an empty page for a stale cursor looks like the last one", async () => {
  for (const body of ["flat", "nested"] as const) {
    await setOnly(upstream, { body, staleCursor: "empty-page" });
    expect(await readPage(upstream, { cursor: "x" })).toMatchObject({ data: [], hasMore: false, nextCursor: null });
  }
});

test("mixed stale answers are of several kinds", async () => {
  await setOnly(upstream, { staleCursor: "mixed" });
  const seen = new Set<number>();
  for (let times = 0; times < 200 && seen.size < 4; times += 1) {
    seen.add((await askPage(upstream, { cursor: "x".repeat(times) })).status);
  }
  expect([...seen].sort()).toEqual([200, 400, 410, 502]);
});

test("a restart forgets cursors, or does not, and keeps the port", async () => {
  await using own = await startFeed({ total: 500 });
  const { nextCursor: cursor } = await readPage(own, LIMIT);
  const { port, pid } = own;
  await own.restart();
  expect(own.port).toBe(port);
  expect(own.pid).not.toBe(pid);
  expect((await askPage(own, { cursor })).status).toBe(400);
  await own.set({ cursorsDieOnRestart: false });
  const lasting = await readPage(own, LIMIT);
  const following = await readPage(own, { ...LIMIT, cursor: lasting.nextCursor });
  await own.restart();
  expect((await readPage(own, { ...LIMIT, cursor: lasting.nextCursor })).data).toEqual(following.data);
});

test("a stopped upstream refuses connections until it is started", async () => {
  await using own = await startFeed({ total: 500 });
  await own.stop();
  await expect(askPage(own, {})).rejects.toThrow("ECONNREFUSED");
  await own.start();
  expect((await askPage(own, {})).status).toBe(200);
});

test("cursors are forgotten after every third page", async () => {
  await setOnly(upstream, {});
  const pages = await readPages(upstream, LIMIT);
  expect(pages).toHaveLength(10);
  await using own = await startFeed({ total: 500, forgetEvery: 3 });
  const first = await readPage(own, LIMIT);
  const second = await readPage(own, { ...LIMIT, cursor: first.nextCursor });
  const third = await readPage(own, { ...LIMIT, cursor: second.nextCursor });
  expect((await askPage(own, { cursor: third.nextCursor })).status).toBe(400);
});

test("the stream and /events take each other's cursors only where they share them", async () => {
  for (const [cursorsShared, status] of [
    [true, 200],
    [false, 400],
  ] as const) {
    await setOnly(upstream, { cursorsShared });
    const stream = await openStream(upstream);
    const { nextCursor: cursor } = await readPage(upstream, { ...LIMIT, ...stream });
    expect((await askPage(upstream, { cursor })).status).toBe(status);
    expect((await askPage(upstream, { cursor, ...stream })).status).toBe(200);
  }
});

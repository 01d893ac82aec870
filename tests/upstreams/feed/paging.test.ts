import { afterAll, beforeAll, expect, test } from "vitest";
import { EventIds } from "./event-id";
import { askPage, readAll, readPage, readPages, setOnly } from "./feed-client";
import { type FeedSimulator, startFeed } from "./simulator";
import type { Switches } from "./switches";
import { truthOf, truthOfIds } from "./truth";

const SIZE = { total: 1_050, seed: 11 };
const ids = new EventIds(SIZE);
let upstream: FeedSimulator;

beforeAll(async () => {
  upstream = await startFeed(SIZE);
});
afterAll(() => upstream[Symbol.asyncDispose]());

/** Pages of 100 until the end, and their ids. */
async function walk(given: Partial<Switches>) {
  await setOnly(upstream, given);
  const pages = await readPages(upstream, { limit: 100 });
  return { pages, ids: pages.flatMap(({ data }) => data.map(({ id }) => String(id))) };
}

test("pages from newest to oldest have every event once", async () => {
  const { pages, ids: found } = await walk({});
  expect(pages.map(({ data }) => data.length)).toEqual([...Array(10).fill(100), 50]);
  expect(found.map((id) => ids.numberOf(id))).toEqual(Array.from({ length: 1_050 }, (_, index) => 1_049 - index));
  expect(truthOfIds(found)).toEqual(truthOf(SIZE));
});

test.each([
  { disorder: 64 },
  { body: "flat" },
  { body: "mixed" },
  { lastPage: "empty" },
  { cursorKind: "offset" },
  { cursorKind: "offset", disorder: 7 },
] satisfies Partial<Switches>[])("with %j every event comes once, too", async (given) => {
  expect(truthOfIds((await walk(given)).ids)).toEqual(truthOf(SIZE));
});

test("the same request has the same answer but for the cursor", async () => {
  await setOnly(upstream, { timeFormat: "mixed", dirtyTimes: 0.5, idField: "mixed", extraEvery: 4, extras: "mixed" });
  const [one, other] = [await readPage(upstream, { limit: 500 }), await readPage(upstream, { limit: 500 })];
  expect(other.data).toEqual(one.data);
});

test("every fourth entry repeats an id with another content, or has no id", async () => {
  await setOnly(upstream, { extraEvery: 4, extras: "repeats" });
  const entries = await readAll(upstream, { limit: 100 });
  expect(entries).toHaveLength(1_400);
  const contents = new Map<unknown, Set<string>>();
  for (const entry of entries)
    contents.set(entry["id"], (contents.get(entry["id"]) ?? new Set()).add(JSON.stringify(entry)));
  expect(truthOfIds([...contents.keys()].map(String))).toEqual(truthOf(SIZE));
  expect([...contents.values()].filter((each) => each.size > 1).length).toBeGreaterThan(100);
  await setOnly(upstream, { extraEvery: 4, extras: "nameless" });
  const nameless = (await readAll(upstream, { limit: 100 })).filter((entry) => !entry?.["id"]);
  expect(nameless).toHaveLength(350);
});

test("the last page says it as the switches want it", async () => {
  const lastOf = async (given: Partial<Switches>) => (await walk(given)).pages.at(-1);
  expect(await lastOf({})).toMatchObject({ hasMore: false, nextCursor: null });
  expect((await lastOf({ lastCursor: "absent" }))?.nextCursor).toBeUndefined();
  expect((await lastOf({ body: "flat", lastCursor: "absent" }))?.nextCursor).toBeUndefined();
  expect(await lastOf({ lastPage: "empty" })).toMatchObject({ hasMore: false, data: [] });
});

test.each([
  ["right", 1_050],
  ["high", 1_155],
  ["low", 945],
  ["absent", undefined],
] as const)("a total that is %s is %s", async (metaTotal, total) => {
  await setOnly(upstream, { metaTotal });
  expect((await readPage(upstream)).total).toBe(total);
});

test("a limit above the cap is capped or refused, one that is no number is refused", async () => {
  await setOnly(upstream, { limitCap: 200 });
  expect((await readPage(upstream, { limit: 201 })).data).toHaveLength(200);
  expect((await readPage(upstream)).data).toHaveLength(100);
  await setOnly(upstream, { limitCap: 200, overCap: "refused" });
  expect(await askPage(upstream, { limit: 201 })).toMatchObject({
    status: 400,
    body: expect.stringContaining("LIMIT_TOO_HIGH"),
  });
  expect((await readPage(upstream, { limit: 200 })).data).toHaveLength(200);
  for (const limit of [0, -1, 1.5, Number.NaN]) expect((await askPage(upstream, { limit })).status).toBe(400);
});

test("a page that cannot be had cannot be had again, and its neighbours can", async () => {
  await setOnly(upstream, { deadEvent: 1_000 });
  const { nextCursor } = await readPage(upstream, { limit: 49 });
  const cursor = nextCursor ?? "";
  for (let times = 0; times < 3; times += 1) expect((await askPage(upstream, { limit: 1, cursor })).status).toBe(500);
  await setOnly(upstream, {});
  expect((await readPage(upstream, { limit: 1, cursor })).data[0]?.["id"]).toBe(ids.idOf(1_000));
});

test.each(["event", "offset"] as const)(
  "events that arrive take nothing away from a pull by %s",
  async (cursorKind) => {
    await using growing = await startFeed({ ...SIZE, arrivalsPerSecond: 1e9, arrivalsMost: 0, cursorKind });
    const first = await readPage(growing, { limit: 100 });
    await growing.set({ arrivalsMost: 150 });
    expect((await readPage(growing)).total).toBe(1_200);
    const found = [...first.data, ...(await readAll(growing, { limit: 100, cursor: first.nextCursor }))].map(({ id }) =>
      String(id),
    );
    const repeated = found.length - new Set(found).size;
    // 150 have moved the list by a page and a half: the first page comes again, below fifty new ones.
    expect(repeated).toBe(cursorKind === "event" ? 0 : 100);
    const initial = found.filter((id) => id[14] === "4");
    expect(truthOfIds(new Set(initial))).toEqual(truthOf(SIZE));
    const all = (await readAll(growing, { limit: 1_000 })).map(({ id }) => String(id));
    expect(all.filter((id) => id[14] === "7")).toHaveLength(150);
    expect((await growing.statistics()).arrived).toBe(150);
  },
);

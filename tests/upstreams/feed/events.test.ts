import { afterAll, beforeAll, expect, test } from "vitest";
import { EventIds } from "./event-id";
import { FIRST_MS } from "./event-list";
import { askPage, post, readAll, setOnly } from "./feed-client";
import { type FeedSimulator, startFeed } from "./simulator";
import { ID_FIELDS, type Switches, TIME_FIELDS } from "./switches";

const SIZE = { total: 2_000, seed: 5 };
const NEWEST_MS = FIRST_MS + (SIZE.total - 1) * 250;
const ids = new EventIds(SIZE);
let upstream: FeedSimulator;

beforeAll(async () => {
  upstream = await startFeed(SIZE);
});
afterAll(() => upstream[Symbol.asyncDispose]());

async function events(given: Partial<Switches>) {
  await setOnly(upstream, given);
  return readAll(upstream, { limit: 1_000 });
}

function share(all: readonly object[], holds: (event: Record<string, unknown>) => boolean): number {
  return all.filter((event) => holds(event as Record<string, unknown>)).length / all.length;
}

test.each(ID_FIELDS)("ids stand under %s", async (idField) => {
  expect((await events({ idField })).every((event) => ids.numberOf(String(event[idField])) !== undefined)).toBe(true);
});

test("mixed names stand side by side in one page", async () => {
  const all = await events({ idField: "mixed", timeField: "mixed" });
  for (const name of [...ID_FIELDS, ...TIME_FIELDS]) expect(share(all, (event) => name in event)).toBeGreaterThan(0.05);
  expect(share(all, (event) => ID_FIELDS.filter((name) => name in event).length === 1)).toBe(1);
});

test.each([
  ["iso", (value: unknown) => Date.parse(String(value))],
  ["ms", (value: unknown) => Number(value)],
  ["us", (value: unknown) => Number(value) / 1e3],
  ["ns", (value: unknown) => Number(value) / 1e6],
  ["s", (value: unknown) => Number(value) * 1e3],
] as const)("a time in %s is the event's", async (timeFormat, msOf) => {
  const times = (await events({ timeFormat })).map(({ timestamp }) => msOf(timestamp));
  const late = times.map((ms, index) => NEWEST_MS - index * 250 - ms);
  // What is finer than a ms is made up; whole seconds lie before the moment.
  expect(Math.min(...late)).toBeGreaterThan(-1.001);
  expect(Math.max(...late)).toBeLessThan(timeFormat === "s" ? 1_000 : 0.001);
});

test("mixed formats have numbers, and numbers as text", async () => {
  const all = await events({ timeFormat: "mixed" });
  expect(share(all, ({ timestamp }) => typeof timestamp === "number")).toBeGreaterThan(0.3);
  expect(
    share(all, ({ timestamp }) => /^\d+(\.\d+)?$/.test(String(timestamp)) && typeof timestamp === "string"),
  ).toBeGreaterThan(0.1);
  expect(share(all, ({ timestamp }) => String(timestamp).endsWith("Z"))).toBeGreaterThan(0.1);
});

test("a fifth of the times is dirty, nonsense, or missing", async () => {
  const dirty = share(await events({ dirtyTimes: 0.2 }), ({ timestamp }) => !/^[\w:.-]+$/.test(String(timestamp)));
  const nonsense = share(await events({ nonsenseTimes: 0.2 }), ({ timestamp }) =>
    Number.isNaN(Date.parse(String(timestamp))),
  );
  const missing = share(await events({ missingTimes: 0.2 }), (event) => !("timestamp" in event));
  for (const found of [dirty, nonsense, missing]) expect(Math.abs(found - 0.2)).toBeLessThan(0.05);
});

test("a dirty time is the right one when the dirt is taken away", async () => {
  const all = await events({ dirtyTimes: 1 });
  // Everything but what an ISO time is written with.
  const cleaned = all.map(({ timestamp }) => Date.parse(String(timestamp).replace(/[^\dTZ:.-]/g, "")));
  expect(cleaned).toEqual(all.map((_, index) => NEWEST_MS - index * 250));
});

test("fields are missing, texts have NUL, and keys are those of prototypes", async () => {
  const missing = share(await events({ missingFields: 0.2 }), (event) => !("sessionId" in event));
  const nul = share(await events({ nulTexts: 0.2 }), ({ name }) => name === "before\0after");
  const keys = share(await events({ prototypeKeys: 0.2 }), (event) => Object.hasOwn(event, "__proto__"));
  for (const found of [missing, nul, keys]) expect(Math.abs(found - 0.2)).toBeLessThan(0.05);
});

test("so many events in a row share one time", async () => {
  const times = (await events({ sameTime: 50 })).map(({ timestamp }) => timestamp);
  expect(new Set(times).size).toBe(40);
});

test("bulk gives single events with details, and names those that are not there", async () => {
  await setOnly(upstream, {});
  const path = "/api/v1/events/bulk";
  const { status, body } = await post(upstream, {
    path,
    body: JSON.stringify({ ids: [ids.idOf(17), "x", ids.idOf(2_000)] }),
  });
  expect(status).toBe(200);
  expect(JSON.parse(body)).toMatchObject({
    data: [{ id: ids.idOf(17), details: { number: 17 } }],
    missing: ["x", ids.idOf(2_000)],
  });
  for (const wrong of ["", "null", "{}", '{"ids":[1]}'])
    expect((await post(upstream, { path, body: wrong })).status).toBe(400);
});

test("nobody is answered without the key", async () => {
  const wrong = { headers: { "X-API-Key": "wrong" } };
  expect((await askPage(upstream, wrong)).status).toBe(401);
  expect((await post(upstream, { path: "/api/v1/events/bulk", ...wrong })).status).toBe(401);
  expect((await askPage(upstream, { path: "/api/v1/other" })).status).toBe(404);
});

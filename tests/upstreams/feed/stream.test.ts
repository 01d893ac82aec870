import { afterAll, beforeAll, expect, test } from "vitest";
import { EventIds } from "./event-id";
import { FIRST_MS } from "./event-list";
import { ACCESS_PATH, askPage, dashboardHeaders, openStream, post, readAll, setOnly } from "./feed-client";
import { type FeedSimulator, startFeed } from "./simulator";
import { DASHBOARD_HEADERS } from "./switches";
import { truthOf, truthOfIds } from "./truth";

const SIZE = { total: 1_000, seed: 2 };
const ids = new EventIds(SIZE);
let upstream: FeedSimulator;

beforeAll(async () => {
  upstream = await startFeed(SIZE);
});
afterAll(() => upstream[Symbol.asyncDispose]());

const access = (headers = dashboardHeaders(upstream.key)) => post(upstream, { path: ACCESS_PATH, headers });

test("the stream has every event", async () => {
  await setOnly(upstream, {});
  const all = await readAll(upstream, { limit: 300, ...(await openStream(upstream)) });
  expect(truthOfIds(all.map(({ id }) => String(id)))).toEqual(truthOf(SIZE));
});

test.each(DASHBOARD_HEADERS)("without %s access is refused where it is required, and only there", async (name) => {
  const headers = Object.fromEntries(
    Object.entries(dashboardHeaders(upstream.key)).filter(([each]) => each.toLowerCase() !== name),
  );
  await setOnly(upstream, { requiredHeaders: [name] });
  expect(await access(headers)).toMatchObject({ status: 403, body: expect.stringContaining("DASHBOARD_REQUIRED") });
  expect((await access()).status).toBe(200);
  await setOnly(upstream, { requiredHeaders: DASHBOARD_HEADERS.filter((each) => each !== name) });
  expect((await access(headers)).status).toBe(200);
});

test.each(["error", "code", "nested"] as const)("the code of an error stands where %s wants it", async (errorBody) => {
  await setOnly(upstream, { errorBody });
  const body = JSON.parse((await access({})).body);
  const code = "DASHBOARD_REQUIRED";
  expect(body).toMatchObject({ error: { error: code }, code: { code }, nested: { error: { code } } }[errorBody]);
});

test("a token is refused when it is wrong, too old, or of the time before a restart", async () => {
  for (const tokenRefusal of [401, 403] as const) {
    await setOnly(upstream, { tokenRefusal, tokenHeader: "X-Other" });
    const stream = await openStream(upstream);
    expect(stream.headers).toHaveProperty("X-Other");
    expect((await askPage(upstream, stream)).status).toBe(200);
    const wrong = { ...stream, headers: { "X-Other": "x" } };
    expect(await askPage(upstream, wrong)).toMatchObject({
      status: tokenRefusal,
      body: expect.stringContaining("INVALID_STREAM_TOKEN"),
    });
    expect((await askPage(upstream, { path: stream.path })).status).toBe(tokenRefusal);
    await upstream.set({ tokenTtlMs: -1 });
    expect((await askPage(upstream, stream)).status).toBe(tokenRefusal);
    await upstream.set({ tokenTtlMs: 60_000 });
    expect((await askPage(upstream, stream)).status).toBe(200);
    await upstream.restart();
    expect((await askPage(upstream, stream)).status).toBe(tokenRefusal);
  }
});

test("an unavailable stream refuses access, a recovering one so many times", async () => {
  await setOnly(upstream, { stream: "unavailable" });
  for (let times = 0; times < 5; times += 1) expect((await access()).status).toBe(503);
  await setOnly(upstream, { stream: "recovering", streamDownRequests: 2 });
  expect([(await access()).status, (await access()).status, (await access()).status]).toEqual([503, 503, 200]);
});

test("a flapping stream goes after so many pages and comes back after so many refusals", async () => {
  await setOnly(upstream, { stream: "flapping", streamUpRequests: 2, streamDownRequests: 3 });
  const stream = await openStream(upstream);
  const statuses: number[] = [];
  for (let times = 0; times < 10; times += 1) statuses.push((await askPage(upstream, stream)).status);
  expect(statuses).toEqual([200, 200, 503, 503, 503, 200, 200, 503, 503, 503]);
});

test.each([
  ["path", /^\/internal\//],
  ["url", /^http:\/\/127\.0\.0\.1:\d+\/internal\//],
  ["foreign", /^http:\/\/localhost:\d+\/internal\//],
] as const)("the endpoint is a %s", async (endpoint, shape) => {
  await setOnly(upstream, { endpoint });
  expect(JSON.parse((await access()).body).streamAccess.endpoint).toMatch(shape);
});

test("since and until give the events of that time, on all pages", async () => {
  await setOnly(upstream, { disorder: 16 });
  const stream = await openStream(upstream);
  const window = { since: FIRST_MS + 100 * 250, until: FIRST_MS + 350 * 250 };
  const numbers = async () => {
    const all = await readAll(upstream, { limit: 60, ...window, ...stream });
    return all.map(({ id }) => ids.numberOf(String(id)) ?? -1).sort((a, b) => a - b);
  };
  expect(await numbers()).toEqual(Array.from({ length: 250 }, (_, index) => 100 + index));
  await upstream.set({ untilInclusive: true });
  expect(await numbers()).toEqual(Array.from({ length: 251 }, (_, index) => 100 + index));
  await upstream.set({ windows: "ignored" });
  expect(await numbers()).toHaveLength(SIZE.total);
  await upstream.set({ windows: "refused" });
  expect((await askPage(upstream, { ...window, ...stream })).status).toBe(400);
});

test("/events knows no windows", async () => {
  await setOnly(upstream, {});
  expect(await readAll(upstream, { limit: 500, since: FIRST_MS, until: FIRST_MS })).toHaveLength(SIZE.total);
});

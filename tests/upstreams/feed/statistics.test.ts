import { expect, test } from "vitest";
import { askPage, readAll, readPage } from "./feed-client";
import { startFeed } from "./simulator";
import { type Counts, statisticsOf } from "./statistics";

const NONE: Counts = { requests: {}, faults: {}, pages: {}, windows: {}, foreign: 0, foreignWithSecret: 0, arrived: 0 };

test("places that were sent again are counted, however pages overlap", () => {
  const one = { ...NONE, pages: { "9-0": 1, "19-10": 2 } };
  const other = { ...NONE, pages: { "12-5": 1, "19-10": 1, "40-40": 1 } };
  // 0-9 once, 10-19 three times, 5-12 once more, 40 once: 10 + 10 + 1 places, 20 + 8 again.
  expect(statisticsOf([one, other])).toMatchObject({ pagesServed: 6, placesServed: 21, placesServedAgain: 28 });
  expect(statisticsOf([])).toMatchObject({ pagesServed: 0, placesServed: 0, placesServedAgain: 0, answers: 0 });
});

test("requests, pages and places are those that were asked for", async () => {
  await using upstream = await startFeed({ total: 1_000 });
  await readAll(upstream, { limit: 300 });
  await readPage(upstream, { limit: 300 });
  await askPage(upstream, { headers: { "X-API-Key": "wrong" } });
  expect(await upstream.statistics()).toMatchObject({
    requests: { "GET /api/v1/events 200": 5, "GET /api/v1/events 401": 1 },
    pages: { "999-700": 2, "699-400": 1, "399-100": 1, "99-0": 1 },
    answers: 6,
    refusals: 0,
    pagesServed: 5,
    placesServed: 1_000,
    placesServedAgain: 300,
  });
});

test("faults are counted, and their pages are not", async () => {
  await using upstream = await startFeed({ total: 1_000, faults: { truncated: 1 } });
  await askPage(upstream, {});
  await upstream.set({ faults: { reset: 1 } });
  await expect(askPage(upstream, {})).rejects.toThrow();
  await expect
    .poll(async () => (await upstream.statistics()).requests)
    .toEqual({ "GET /api/v1/events 200": 1, "GET /api/v1/events 0": 1 });
  expect(await upstream.statistics()).toMatchObject({ faults: { truncated: 1, reset: 1 }, answers: 1, pages: {} });
});

test("the counts outlive restarts, also those of a stopped upstream", async () => {
  await using upstream = await startFeed({ total: 1_000 });
  await readAll(upstream, { limit: 500 });
  await upstream.restart();
  await readAll(upstream, { limit: 500 });
  await upstream.stop();
  expect(await upstream.statistics()).toMatchObject({ pagesServed: 4, placesServed: 1_000, placesServedAgain: 1_000 });
});

test("a switch that does not exist or cannot change is refused by name", async () => {
  const misspelt = JSON.parse('{"totl":1}');
  await expect(startFeed(misspelt)).rejects.toThrow("totl");
  await using upstream = await startFeed({ total: 10 });
  await expect(upstream.set(misspelt)).rejects.toThrow("totl");
  await expect(upstream.set({ total: 11 })).rejects.toThrow("total");
});

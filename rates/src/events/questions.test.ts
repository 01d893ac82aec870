import { assert, asyncProperty, constantFrom, nat, record } from "fast-check";
import { Check } from "typebox/value";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../../tests/support/database";
import { atScale } from "../../../tests/support/scale";
import { type TestApi, testApi } from "../../testing/api";
import { pushEvents } from "../../testing/events";
import { ask } from "../../testing/http";
import { AggregationAnswer, ListAnswer } from "./question-schema";

let database: TestDatabase;
let api: TestApi;

const CLIENTS = ["c1", "c2", "c3"];
const METRICS = ["a", "b"];
const TIMES = [
  "2024-01-01T00:00:00.000Z",
  "2024-01-01T00:00:00.001Z",
  "2024-01-01T00:30:30.500Z",
  "2024-01-01T00:59:59.999999Z",
  "2024-01-01T01:00:00.000Z",
  "2024-01-01T23:59:59.999Z",
  "2024-01-02T00:00:00.000Z",
  "2024-01-02T05:06:07.000Z",
];

/** What was sent, and what it is to be. */
interface Known {
  readonly clientId: string;
  readonly metric: string;
  readonly amount: number;
  readonly timestamp: string;
  readonly status: "processed" | "rejected" | "failed";
}

const known: Known[] = CLIENTS.flatMap((clientId, c) =>
  METRICS.flatMap((metric, m) =>
    TIMES.flatMap((timestamp, t) =>
      (["processed", "rejected", "failed"] as const)
        .filter((_, s) => (c + m + t) % (s + 1) === 0)
        .map((status, s) => ({ clientId, metric, amount: c * 100 + m * 10 + t + s / 4 - 50, timestamp, status })),
    ),
  ),
);

beforeAll(async () => {
  database = await testDatabase("migrated");
  api = await testApi(database);
  const sent = (wanted: Known["status"]) =>
    known
      .filter(({ status }) => status === wanted)
      .map(({ clientId, metric, amount, timestamp }) => ({
        source: clientId,
        metric,
        amount: wanted === "rejected" ? "none" : amount,
        timestamp,
      }));
  await pushEvents(api.port, sent("processed"));
  await pushEvents(api.port, sent("rejected"));
  await pushEvents(api.port, sent("failed"), { query: "?simulateFailure=true" });
});

afterAll(async () => {
  await api?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

type Query = Readonly<Record<string, string | undefined>>;

async function get(path: string, query: Query = {}) {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, value);
  const { status, body } = await ask(api.port, `${path}?${given}`);
  return { status, json: JSON.parse(body) };
}

/** The events that a query is about, by plain comparison. */
function selected({ clientId, metric, status, startDate, endDate }: Query): Known[] {
  const micros = (text: string) => (text.length === 24 ? text.replace("Z", "000Z") : text);
  return known.filter(
    (event) =>
      (clientId === undefined || event.clientId === clientId) &&
      (metric === undefined || event.metric === metric) &&
      (status === undefined || event.status === status) &&
      (startDate === undefined || micros(event.timestamp) >= micros(startDate)) &&
      (endDate === undefined ||
        (endDate.length === 10 ? event.timestamp.slice(0, 10) <= endDate : micros(event.timestamp) <= micros(endDate))),
  );
}

function sums(events: readonly Known[]) {
  const amounts = events.map(({ amount }) => amount);
  const totalAmount = amounts.reduce((sum, amount) => sum + amount, 0);
  const isEmpty = amounts.length === 0;
  return {
    totalAmount,
    totalCount: amounts.length,
    averageAmount: isEmpty ? null : expect.closeTo(totalAmount / amounts.length, 9),
    minAmount: isEmpty ? null : Math.min(...amounts),
    maxAmount: isEmpty ? null : Math.max(...amounts),
  };
}

const filters = record(
  {
    clientId: constantFrom(...CLIENTS, "nobody"),
    startDate: constantFrom(...TIMES, "2024-01-01", "2023-12-31", "2024-01-01T00:15:00.000Z"),
    endDate: constantFrom(...TIMES, "2024-01-01", "2024-01-02", "2024-01-01T00:45:00.000Z", "2025-01-01"),
  },
  { requiredKeys: [] },
);

const isForward = ({ startDate, endDate }: Query) =>
  startDate === undefined || endDate === undefined || startDate.slice(0, endDate.length) <= endDate;

describe("GET /api/events", () => {
  test("lists what the filters select, by falling time, page by page and with the exact total", async () => {
    const status = constantFrom(undefined, "processed", "rejected", "failed");
    await assert(
      asyncProperty(filters, status, nat(60), async (filter, status, limit) => {
        const query: Query = { ...filter, status };
        if (!isForward(query)) return;
        const expected = selected(query);
        const seen: { _id: string; timestamp: string }[] = [];
        for (let skip = 0; skip <= expected.length; skip += limit + 1) {
          const { json } = await get("/api/events", { ...query, limit: String(limit + 1), skip: String(skip) });
          expect([json.success, json.total, json.limit, json.skip]).toEqual([true, expected.length, limit + 1, skip]);
          expect(json.events).toHaveLength(Math.max(0, Math.min(limit + 1, expected.length - skip)));
          seen.push(...json.events);
        }
        expect(new Set(seen.map(({ _id }) => _id)).size).toBe(expected.length);
        const times = seen.map(({ timestamp }) => timestamp.replace(/\.(\d{3})Z/, ".$1000Z"));
        expect(times).toEqual(times.toSorted().reverse());
      }),
      { numRuns: atScale({ ci: 60, full: 1_000 }) },
    );
  }, 120_000);

  test("gives a hundred from the newest unless told otherwise, and nothing behind the end", async () => {
    const { json } = await get("/api/events");
    expect([json.events.length, json.total, json.limit, json.skip]).toEqual([
      Math.min(100, known.length),
      known.length,
      100,
      0,
    ]);
    expect(Check(ListAnswer, json)).toBe(true);
    const { json: behind } = await get("/api/events", { skip: "999999999999999" });
    expect([behind.events, behind.total]).toEqual([[], known.length]);
  });

  test("gives a rejected one with its reason, and its amount only where it has one", async () => {
    const { json } = await get("/api/events", { status: "rejected", limit: "1" });
    expect(json.events[0]).toMatchObject({
      status: "rejected",
      amount: null,
      rejectionReason: expect.stringMatching(/^amount is "none"/),
    });
    const { json: failed } = await get("/api/events", { status: "failed", limit: "1" });
    expect(failed.events[0]).toMatchObject({
      status: "failed",
      amount: expect.any(Number),
      rejectionReason: expect.stringMatching(/22012/),
    });
  });

  test.each<[Query, string]>([
    [{ limit: "0" }, "limit"],
    [{ limit: "1001" }, "limit"],
    [{ skip: "-1" }, "skip"],
    [{ status: "done" }, "status"],
    [{ clientId: "" }, "clientId"],
    [{ clientId: "a\0" }, "clientId"],
    [{ startDate: "soon" }, "startDate"],
    [{ endDate: "2024-02-30" }, "endDate"],
    [{ startDate: "2024-01-02", endDate: "2024-01-01" }, "startDate"],
    [{ metric: "a" }, "metric"],
  ])("with %j is refused by name", async (query, field) => {
    const { status, json } = await get("/api/events", query);
    expect([status, json.errors?.map((error: { field: string }) => error.field)]).toEqual([400, [field]]);
  });
});

describe("GET /api/aggregation", () => {
  test("equals a plain sum over the selected events, also where the period cuts an hour", async () => {
    const metric = constantFrom(undefined, ...METRICS);
    await assert(
      asyncProperty(filters, metric, async (filter, metric) => {
        const query: Query = { ...filter, metric };
        if (!isForward(query)) return;
        const events = selected(query);
        const count = (wanted: Known["status"]) => events.filter(({ status }) => status === wanted).length;
        const processed = events.filter(({ status }) => status === "processed");
        expect((await get("/api/aggregation", query)).json).toEqual({
          success: true,
          aggregation: sums(processed),
          statistics: { totalProcessed: count("processed"), rejected: count("rejected"), failed: count("failed") },
          filters: {
            clientId: null,
            metric: null,
            startDate: null,
            endDate: null,
            groupBy: "none",
            ...filter,
            ...(metric && { metric }),
          },
        });
      }),
      { numRuns: atScale({ ci: 80, full: 1_000 }) },
    );
  }, 120_000);

  test.each<[string, (event: Known) => unknown]>([
    ["clientId", ({ clientId }) => clientId],
    ["metric", ({ metric }) => metric],
    ["both", ({ clientId, metric }) => ({ clientId, metric })],
  ])("by %s gives groups by falling total", async (groupBy, groupOf) => {
    for (const query of [{}, { startDate: "2024-01-01T00:30:00Z", endDate: "2024-01-01T01:00:00Z" }]) {
      const { json } = await get("/api/aggregation", { ...query, groupBy });
      expect(Check(AggregationAnswer, json)).toBe(true);
      const processed = selected({ startDate: "2024-01-01T00:30:00.000Z", endDate: "2024-01-01T01:00:00.000Z" }).filter(
        ({ status }) => status === "processed",
      );
      const events = "startDate" in query ? processed : known.filter(({ status }) => status === "processed");
      const groups = new Set(events.map((event) => JSON.stringify(groupOf(event))));
      const expected = [...groups].map((group) => ({
        group: JSON.parse(group),
        ...sums(events.filter((event) => JSON.stringify(groupOf(event)) === group)),
      }));
      expect(json.aggregation).toEqual(expected.sort((one, other) => other.totalAmount - one.totalAmount));
    }
  });

  test("of nothing is a sum of 0 without mean, least and most, or no groups", async () => {
    const { json } = await get("/api/aggregation", { clientId: "nobody" });
    expect(json.aggregation).toEqual({
      totalAmount: 0,
      totalCount: 0,
      averageAmount: null,
      minAmount: null,
      maxAmount: null,
    });
    expect((await get("/api/aggregation", { clientId: "nobody", groupBy: "both" })).json.aggregation).toEqual([]);
  });

  test("refuses a grouping that it does not know, and unknown fields", async () => {
    const { status, json } = await get("/api/aggregation", { groupBy: "day", status: "failed" });
    expect([status, json.errors?.map((error: { field: string }) => error.field)]).toEqual([400, ["groupBy", "status"]]);
  });
});

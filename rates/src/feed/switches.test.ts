import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../../tests/support/database";
import { startFeed } from "../../../tests/upstreams/feed/simulator";
import { storedTruth } from "../../../tests/upstreams/feed/stored-truth";
import { FAULTS, type Switches } from "../../../tests/upstreams/feed/switches";
import { truthOf } from "../../../tests/upstreams/feed/truth";
import { pull } from "../../testing/feed";

const TOTAL = 4_000;
const BATCH = 500;

const ONE_BY_ONE: readonly Partial<Switches>[] = [
  {},
  { body: "flat" },
  { body: "mixed" },
  { errorBody: "nested" },
  { lastCursor: "absent" },
  { lastPage: "empty" },
  { limitCap: 300 },
  { limitCap: 300, overCap: "refused" },
  { metaTotal: "high" },
  { metaTotal: "low" },
  { metaTotal: "absent" },
  { sameTime: 50 },
  { disorder: 64 },
  { idField: "mixed" },
  { timeField: "mixed", timeFormat: "mixed" },
  { dirtyTimes: 0.3, nonsenseTimes: 0.2, missingTimes: 0.2 },
  { missingTimes: 1 },
  { missingFields: 0.5, nulTexts: 0.3, prototypeKeys: 0.3 },
  { extraEvery: 3, extras: "repeats" },
  { extraEvery: 3, extras: "nameless" },
  { arrivalsPerSecond: 500, arrivalsMost: 1_000 },
  { arrivalsPerSecond: 500, arrivalsMost: 1_000, cursorKind: "offset" },
  { stream: "unavailable" },
  { stream: "recovering" },
  { stream: "flapping", streamUpRequests: 3 },
  { stream: "flapping", streamUpRequests: 3, cursorsShared: false },
  { tokenTtlMs: 50 },
  { tokenRefusal: 403, tokenTtlMs: 50 },
  { endpoint: "url" },
  { windows: "ignored", forgetEvery: 60 },
  { windows: "refused", forgetEvery: 60 },
  { untilInclusive: true, forgetEvery: 4 },
  ...(["by-cause", "expired", "invalid", "gone", "bad-gateway", "empty-page", "mixed"] as const).map((staleCursor) => ({
    staleCursor,
    forgetEvery: 4,
  })),
  { streamRateLimit: { requests: 6, windowMs: 500, window: "from-first" }, rateHeaders: "epoch-ms" },
  { streamRateLimit: { requests: 6, windowMs: 500, window: "sliding" }, rateHeaders: "epoch-ms" },
  { streamRateLimit: { requests: 6, windowMs: 1_000, window: "aligned" }, rateHeaders: "seconds-left" },
  { streamRateLimit: { requests: 6, windowMs: 1_000, window: "from-first" }, rateHeaders: "none", retryAfter: "date" },
  { streamRateLimit: { requests: 6, windowMs: 500, window: "from-first" }, rateHeaders: "none", retryAfter: "absent" },
  ...FAULTS.map((fault) => ({ faults: { [fault]: 0.15 }, dripMs: 300, oversizedBytes: 32 * 2 ** 20 })),
  { faults: { "lost-cursor": 0.3 }, cursorLossLasts: true },
];

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase("migrated");
});

afterAll(() => database[Symbol.asyncDispose]());

describe("a pull from an upstream that has, alone,", () => {
  test.each(ONE_BY_ONE.map((switches) => [JSON.stringify(switches), switches] as const))(
    "%s ends with exactly its events",
    async (_name, switches) => {
      await using upstream = await startFeed({ total: TOTAL, ...switches });
      await database.query("TRUNCATE ingested_events, ingestion_state");
      const { error, log } = await pull({ database, upstream, environment: { BATCH_SIZE: String(BATCH) } });
      expect(error, JSON.stringify(log, null, 1)).toBeUndefined();
      await using connection = await database.connect();
      expect(await storedTruth(connection)).toEqual(truthOf(upstream.switches));
      expect(log.at(-1)).toMatchObject({ msg: "ingestion complete" });
      const { foreign, foreignWithSecret } = await upstream.statistics();
      expect([foreign, foreignWithSecret]).toEqual([0, 0]);
    },
  );
});

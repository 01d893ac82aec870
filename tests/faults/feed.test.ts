import { resolve } from "node:path";
import { buildService } from "infra/images/api/bundle";
import { type PullPlace, startPull } from "rates/testing/feed";
import { beforeAll, describe, expect, test } from "vitest";
import { testDatabase } from "../support/database";
import { note } from "../support/figure";
import { randomNumbers, seed } from "../support/random";
import { atScale } from "../support/scale";
import { testServer } from "../support/server";
import { until } from "../support/until";
import { type FeedSimulator, startFeed } from "../upstreams/feed/simulator";
import { storedTruth } from "../upstreams/feed/stored-truth";
import { truthOf } from "../upstreams/feed/truth";

const TOTAL = atScale({ ci: 20_000, full: 600_000 });
const BATCH = 1_000;
/** A page then takes some time, so that a fault meets one under way. */
const LATENCY_MS = 20;
const UPSTREAM = { total: TOTAL, latencyMs: LATENCY_MS };
const LIMITS = { BATCH_SIZE: String(BATCH), FEED_GIVE_UP_MS: "60000", FEED_TIMEOUT_MS: "5000" };
const COMPLETE = '"msg":"ingestion complete"';

let bundle: string;

beforeAll(async () => {
  bundle = (await buildService(resolve(__dirname, "../.."))).file;
});

/** Resolves when the upstream has sent so many pages more. */
async function pagesMore(upstream: FeedSimulator, pages: number): Promise<void> {
  const wanted = (await upstream.statistics()).pagesServed + pages;
  await until(`${pages} pages more`, async () => (await upstream.statistics()).pagesServed >= wanted);
}

async function expectExact(
  place: PullPlace & { readonly upstream: FeedSimulator },
  connect: Parameters<typeof storedTruth>[0],
) {
  expect(await storedTruth(connect)).toEqual(truthOf(place.upstream.switches));
}

describe("a pull that is interrupted", () => {
  test.for([1, 3])("by kill -9 time and again, with %i workers: ends in the exact set", async (workers, context) => {
    await using upstream = await startFeed(UPSTREAM);
    await using database = await testDatabase("migrated");
    const place = { database, upstream, environment: { ...LIMITS, FEED_WORKERS: String(workers) } };
    const random = randomNumbers(seed);
    let kills = 0;
    for (;;) {
      await using process = startPull(bundle, place);
      const ended = process.line(COMPLETE).then(() => "complete" as const);
      const pages = 3 + Math.floor(random() * 6) * workers;
      const first = await Promise.race([
        ended,
        pagesMore(upstream, pages).then(
          () => "pages" as const,
          () => "complete" as const,
        ),
      ]);
      if (first === "complete") {
        expect(await process.exit).toBe(0);
        break;
      }
      process.signal("SIGKILL");
      await process.exit;
      ended.catch(() => {});
      kills += 1;
    }
    await using connection = await database.connect();
    await expectExact(place, connection);
    const { placesServedAgain } = await upstream.statistics();
    // The newest page is looked at once more in the end; several workers begin with it, too, and their spans overlap.
    const fixed = BATCH * (workers === 1 ? 1 : 4);
    const perKill = (placesServedAgain - fixed) / BATCH / Math.max(1, kills) / workers;
    note(context, `SEED=${seed}: ${kills} kills, ${perKill.toFixed(2)} pages fetched again for each kill and worker`);
    // One is in hand, and the next may have come while the database was slow to store it.
    expect(placesServedAgain).toBeLessThanOrEqual(2 * kills * workers * BATCH + fixed);
  });

  test("by restarts of the upstream, which kill its cursors: ends in the exact set", async () => {
    await using upstream = await startFeed(UPSTREAM);
    await using database = await testDatabase("migrated");
    await using process = startPull(bundle, { database, upstream, environment: LIMITS });
    for (let restarts = 0; restarts < 3; restarts += 1) {
      await pagesMore(upstream, 5);
      await upstream.restart();
    }
    expect(await process.exit, process.lines.join("\n")).toBe(0);
    await using connection = await database.connect();
    await expectExact({ database, upstream }, connection);
  });

  test("by SIGTERM: stores the page in hand, exits with 143, and the next run goes on from there", async (context) => {
    await using upstream = await startFeed(UPSTREAM);
    await using database = await testDatabase("migrated");
    const place = { database, upstream, environment: LIMITS };
    await using stopped = startPull(bundle, place);
    await pagesMore(upstream, 4);
    stopped.signal("SIGTERM");
    expect(await stopped.exit, stopped.lines.join("\n")).toBe(143);
    const [row] = await database.query<{ count: number }>("SELECT count(*)::integer AS count FROM ingested_events");
    expect(row?.count).toBeGreaterThanOrEqual(2 * BATCH);
    await using next = startPull(bundle, place);
    expect(await next.exit).toBe(0);
    await using again = startPull(bundle, place);
    expect(await again.exit).toBe(0);
    expect(again.lines.join("\n")).toContain("it was before, and nothing was asked");
    await using connection = await database.connect();
    await expectExact(place, connection);
    note(context, `${(await upstream.statistics()).placesServedAgain} events were fetched again`);
  });
});

describe("a pull whose database", () => {
  test.each([
    ["is killed and started again", "kill"],
    ["is stopped in order", "stop"],
    ["ends all sessions", "end"],
  ] as const)("%s waits, goes on, and ends in the exact set", async (_name, fault) => {
    await using server = await testServer();
    await using upstream = await startFeed(UPSTREAM);
    const name = await server.createDatabase("migrated");
    const database = { url: server.url(name), passwordFile: server.passwordFile };
    await using process = startPull(bundle, { database, upstream, environment: LIMITS });
    for (let faults = 0; faults < 2; faults += 1) {
      await pagesMore(upstream, 5);
      if (fault === "end") {
        await using admin = await server.connect("postgres");
        await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [name]);
      } else {
        await server[fault]();
        await until("word of the outage", async () => told(process.lines) > faults);
        await server.start();
      }
    }
    expect(await process.exit, process.lines.join("\n")).toBe(0);
    await using connection = await server.connect(name);
    await expectExact({ database, upstream }, connection);
  });
});

/** How many outages a pull has told of: each begins with a new connection that fails. */
function told(lines: readonly string[]): number {
  return lines.filter((line) => line.includes("waiting for the database")).length;
}

test("two pulls into one database are kept apart: the second says so", async () => {
  await using upstream = await startFeed({ ...UPSTREAM, latencyMs: 3_000 });
  await using database = await testDatabase("migrated");
  const place = { database, upstream, environment: LIMITS };
  await using first = startPull(bundle, place);
  await first.line("pulling");
  await using second = startPull(bundle, place);
  expect(await second.exit).toBe(1);
  expect(second.lines.join("\n")).toContain("Another pull into this database is under way");
});

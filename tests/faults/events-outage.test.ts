import { resolve } from "node:path";
import { buildService } from "infra/images/api/bundle";
import { expect, test } from "vitest";
import { peakMemory } from "../load/peak-memory";
import { note } from "../support/figure";
import { atScale } from "../support/scale";
import { until } from "../support/until";
import { auditEvents } from "./events-audit";
import type { EventEntry } from "./events-entry";
import { Stage, startServers } from "./harness/stage";
import { Witness } from "./harness/witness";

/** The first part of an outage warms the service up; then memory is flat when the last part needs no more than the one before. */
const PARTS = 3;
const PART_MS = atScale({ ci: 2_000, full: 10_000 });
/** What a peak differs by from one part to the next, a small heap more than a large one; at full scale the backlog of a part would be some 50 MB. */
const MEMORY_ALLOWANCE = atScale({ ci: 1.6, full: 1.3 });

const OUTAGE = { target: "data", means: "kill" } as const;
const STORED_SQL = "SELECT coalesce(sum(count), 0)::integer AS stored FROM event_counts WHERE seconds = 3600";

test(`in an outage of ${(PARTS * PART_MS) / 1000} s at full rate every event is queued, in flat memory, and stored once after it`, {
  timeout: 300_000,
}, async (context) => {
  await using witness = new Witness(require.resolve("./events-clients.ts"));
  await using servers = await startServers();
  const { file } = await buildService(resolve(__dirname, "../.."));
  await using stage = await Stage.open({ servers, bundle: file, environment: {} });
  await stage.inflict(OUTAGE);
  const parts: Awaited<ReturnType<typeof pushDuring>>[] = [];
  for (let part = 1; part <= PARTS; part += 1) parts.push(await pushDuring(stage, witness, part));
  await stage.mend(OUTAGE);

  const entries = parts.flatMap((part) => part.entries);
  const events = entries.reduce((sum, { amounts }) => sum + amounts.length, 0);
  const drained = await drainRate(stage, events);
  const arrived = events / ((PARTS * PART_MS) / 1000);
  const megabytes = parts.map(({ peak }) => `${(peak / 1e6).toFixed(0)} MB`).join(", then ");
  note(context, `${events} events queued in ${entries.length} requests, ${arrived.toFixed(0)} a second, none refused`);
  note(
    context,
    `drained at ${drained.toFixed(0)} a second, ${(drained / arrived).toFixed(1)} x arrival; PSS ${megabytes}`,
  );
  expect(await auditEvents(stage, entries)).toEqual([]);
  const [before = 0, last] = parts.slice(-2).map(({ peak }) => peak);
  expect(last).toBeLessThanOrEqual(before * MEMORY_ALLOWANCE);
});

/** @returns what clients at full rate have recorded, and the most memory of the service meanwhile, in bytes */
async function pushDuring(stage: Stage, witness: Witness, seed: number) {
  const [peak = 0] = await peakMemory([{ pid: stage.pid, kind: "Pss" }], async () => {
    witness.begin({ seed, port: stage.port, forMs: PART_MS });
    await witness.end();
  });
  return { entries: witness.entries<EventEntry>(), peak };
}

/** Waits until so many events are stored. @returns events a second, from the first that was seen to the last */
async function drainRate(stage: Stage, events: number): Promise<number> {
  await using client = await stage.data.server.connect(stage.data.database);
  let begun: { readonly at: number; readonly stored: number } | undefined;
  await until(
    `${events} events`,
    async () => {
      const stored = (await client.query<{ stored: number }>(STORED_SQL)).rows[0]?.stored ?? 0;
      if (stored > 0) begun ??= { at: performance.now(), stored };
      return stored >= events;
    },
    120_000,
  );
  return (events - (begun?.stored ?? 0)) / ((performance.now() - (begun?.at ?? 0)) / 1000);
}

import { resolve } from "node:path";
import { buildService } from "infra/images/api/bundle";
import { describe, expect, test } from "vitest";
import { ABORTS, type Abort, AbortLane } from "../support/abort-lane";
import { note, secondsSince } from "../support/figure";
import { randomNumbers, seed } from "../support/random";
import { atScale } from "../support/scale";

const COUNT = atScale({ ci: 8, full: 500 });
/** Each lane has a server of its own, because a killed backend takes all sessions of its server with it. */
const LANES = atScale({ ci: 1, full: 2 });
/** What a server knows of dead rows is lost when a backend is killed, so autovacuum cannot be counted on here. */
const VACUUM_EVERY = 10;

/** What came out of one lane. */
interface Outcome {
  readonly rowsSent: AbortLane["rowsSent"];
  readonly looks: number;
  readonly sizes: readonly string[];
}

describe("batches: whatever they are aborted by, nothing of them is ever seen and nothing is left", () => {
  test(`${COUNT} batches of 100,000 rows and more that fail after at least half their bytes (seed ${seed})`, {
    timeout: 1_800_000,
  }, async (context) => {
    const begun = performance.now();
    const { file } = await buildService(resolve(__dirname, "../.."));
    const waiting = mix(COUNT, randomNumbers(seed));
    const running = Array.from({ length: LANES }, (_, lane) => runLane(file, seed + lane, waiting));
    // A lane that fails ends the others.
    for (const lane of running) lane.catch(() => waiting.splice(0));
    await Promise.allSettled(running);
    const outcomes = await Promise.all(running);
    const rowsBy = (kind: Abort) => outcomes.flatMap(({ rowsSent }) => rowsSent[kind]);
    const looks = sum(outcomes.map((outcome) => outcome.looks));
    const counts = ABORTS.map((kind) => `${kind} ${rowsBy(kind).length} (${millions(sum(rowsBy(kind)))} million rows)`);
    note(context, `${counts.join(", ")}; ${looks} looks at the data, ${secondsSince(begun)}`);
    note(context, outcomes.flatMap(({ sizes }) => sizes).join(", "));
    expect(sum(ABORTS.map((kind) => rowsBy(kind).length))).toBe(COUNT);
    expect(looks).toBeGreaterThan(COUNT / 2);
  });
});

async function runLane(bundle: string, laneSeed: number, waiting: Abort[]): Promise<Outcome> {
  await using lane = await AbortLane.start({ bundle, random: randomNumbers(laneSeed) });
  await lane.vacuum();
  const before = await lane.sizes();
  const looks = await abortAll(lane, waiting);
  await lane.vacuum();
  const after = await lane.sizes();
  for (const [table, bytes] of before) expect(after.get(table), table).toBeLessThanOrEqual(bytes * 1.1);
  expect(await lane.differences()).toBe(0);
  await lane.take();
  expect(await lane.differences()).toBe(0);
  const sizes = [...before].map(
    ([table, bytes]) => `${table} ${millions(bytes)} -> ${millions(after.get(table) ?? 0)} MB`,
  );
  return { rowsSent: lane.rowsSent, looks, sizes };
}

/** @returns how often the data were looked at meanwhile */
async function abortAll(lane: AbortLane, waiting: Abort[]): Promise<number> {
  await using watch = await lane.watch();
  for (let kind = waiting.pop(), done = 1; kind !== undefined; kind = waiting.pop(), done += 1) {
    await lane.abort(kind);
    expect(watch.differences, `after ${kind}`).toEqual([]);
    if (done % VACUUM_EVERY === 0) await lane.vacuum();
  }
  return watch.looks;
}

/** As many of each kind, in an order that follows from the seed. */
function mix(count: number, random: () => number): Abort[] {
  return Array.from({ length: count }, (_, index) => ({
    kind: ABORTS[index % ABORTS.length] ?? ABORTS[0],
    place: random(),
  }))
    .sort((one, other) => one.place - other.place)
    .map(({ kind }) => kind);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function millions(count: number): string {
  return (count / 1e6).toFixed(1);
}

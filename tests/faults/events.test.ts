import { resolve } from "node:path";
import { buildService } from "infra/images/api/bundle";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { note, secondsSince } from "../support/figure";
import { seed } from "../support/random";
import { atScale } from "../support/scale";
import { auditEvents } from "./events-audit";
import type { EventEntry } from "./events-entry";
import { PLANTED_BUGS } from "./events-planted";
import { CLIENTS, REQUESTS } from "./events-requests";
import { type Capability, failure, faultRun, type Run } from "./harness/fault-run";
import { type Patch, patchedBundle, SHORT_CLOCK, SHORT_LIMITS } from "./harness/patched-bundle";
import { type Servers, startServers } from "./harness/stage";
import { Witness } from "./harness/witness";

const RUNS = atScale({ ci: 24, full: 1_000 });
const KILLS = atScale({ ci: 20, full: 200 });
/** Runs until a planted bug has to be found. */
const MOST_RUNS = 20;

let servers: Servers;
let witness: Witness;
let bundle: string;

beforeAll(async () => {
  witness = new Witness(require.resolve("./events-clients.ts"));
  servers = await startServers();
  bundle = (await buildService(resolve(__dirname, "../.."))).file;
});

afterAll(async () => {
  await witness?.[Symbol.asyncDispose]();
  await servers?.[Symbol.asyncDispose]();
});

/** Of what was acknowledged: requests that were queued, and events that were answered as known already. */
interface Tally {
  queued: number;
  duplicates: number;
}

/** @param file the service */
function events(file: string, tally: Tally = { queued: 0, duplicates: 0 }): Capability {
  const audit: Capability["audit"] = (stage, clients) => {
    const entries = clients.entries<EventEntry>();
    const results = entries.flatMap((entry) => (entry.what === "stored" ? entry.results : []));
    tally.queued += entries.filter(({ what }) => what === "queued").length;
    tally.duplicates += results.filter(({ isDuplicate }) => isDuplicate).length;
    return auditEvents(stage, entries);
  };
  return { servers, bundle: file, environment: SHORT_LIMITS, witness, load: CLIENTS * REQUESTS, audit };
}

describe("pushed events, whatever is killed, stopped or cut", () => {
  test(`every acknowledged one is counted exactly once, in ${RUNS} runs and more (seed ${seed})`, {
    timeout: RUNS * 20_000,
  }, async (context) => {
    const begun = performance.now();
    using service = patchedBundle(bundle, SHORT_CLOCK);
    const runs: Run[] = [];
    const tally: Tally = { queued: 0, duplicates: 0 };
    for (let next = seed; runs.length < RUNS || killsOf(runs) < KILLS; next += 1) {
      const run = await faultRun(events(service.file, tally), next);
      if (run.problems.length > 0) throw failure(run, run.problems);
      runs.push(run);
    }
    const sum = (count: (run: Run) => number) => runs.reduce((total, run) => total + count(run), 0);
    note(context, `${runs.length} runs, ${countsOf(runs.flatMap(({ inflicted }) => inflicted))}`);
    const acknowledged = `${sum((run) => run.acknowledged)} requests acknowledged, ${tally.queued} of them queued`;
    const again = `${sum((run) => run.refused)} refused or lost and sent again, ${tally.duplicates} duplicates`;
    note(context, `${acknowledged}, ${again}; 0 events lost, 0 double; ${secondsSince(begun)}`);
    expect(killsOf(runs)).toBeGreaterThanOrEqual(KILLS);
  });
});

describe("the harness finds it when", () => {
  for (const bug of PLANTED_BUGS) {
    test(bug.what, { timeout: MOST_RUNS * 20_000 }, async (context) => {
      using service = patchedBundle(bundle, [...SHORT_CLOCK, ...bug.patches]);
      let [next, problems]: [number, readonly string[]] = [bug.seed, []];
      for (; problems.length === 0 && next < bug.seed + MOST_RUNS; next += 1) {
        problems = (await faultRun(events(service.file), next)).problems;
      }
      expect(problems).toContainEqual(expect.stringMatching(bug.problem));
      note(context, `found in run ${next - bug.seed}: ${bug.what}`);
    });
  }

  test("a patch no longer applies", () => {
    const gone: Patch = { from: "what was never there", to: "" };
    expect(() => patchedBundle(bundle, [gone])).toThrow("has this 0 times, not once: what was never there");
  });
});

function killsOf(runs: readonly Run[]): number {
  return runs.flatMap(({ inflicted }) => inflicted).filter((name) => name.startsWith("kill")).length;
}

function countsOf(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names.toSorted()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${count} ${name}`).join(", ");
}

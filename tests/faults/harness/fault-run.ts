import { randomNumbers } from "../../support/random";
import { describeSchedule, drawSchedule, type Fault, nameOf } from "./schedule";
import { Stage, type StageParts } from "./stage";
import type { Witness } from "./witness";

/** What the harness has to know of a capability. */
export interface Capability extends StageParts {
  readonly witness: Witness;
  /** About how many acknowledgements a run has; faults begin in the first half of them. */
  readonly load: number;
  /** Waits until what the clients have recorded is worked off. @returns what is wrong then, a line each */
  audit(stage: Stage, witness: Witness): Promise<string[]>;
}

/** What came out of one run. */
export interface Run {
  readonly seed: number;
  readonly schedule: readonly Fault[];
  /** Names of the faults that came to pass: the others were for later than the end. */
  readonly inflicted: readonly string[];
  readonly acknowledged: number;
  readonly refused: number;
  /** What was lost, counted twice, or otherwise wrong; nothing, always. */
  readonly problems: readonly string[];
}

/**
 * One run: clients send, faults come and are mended as a seed tells, and when all is acknowledged and worked off, everything
 * is looked at.
 */
export async function faultRun(capability: Capability, seed: number): Promise<Run> {
  const { witness, load } = capability;
  const schedule = drawSchedule(randomNumbers(seed), load);
  await using stage = await Stage.open(capability);
  witness.begin({ seed, port: stage.port });
  const inflicted: string[] = [];
  const faults = schedule.map(async (fault) => {
    if (await undergo(fault, stage, witness)) inflicted.push(nameOf(fault));
  });
  // Whatever fails, nothing is left to come that would act on the next run.
  for (const outcome of await Promise.allSettled([...faults, witness.end()])) {
    if (outcome.status === "rejected") throw failure({ seed, schedule }, [String(outcome.reason)]);
  }
  const problems = await capability.audit(stage, witness);
  const { acknowledged, answers } = witness;
  return { seed, schedule, inflicted, acknowledged, refused: answers - acknowledged, problems };
}

/** The error for a run in which something is wrong: it names the seed, and how to have the same schedule again. */
export function failure(
  { seed, schedule }: Pick<Run, "seed" | "schedule">,
  problems: readonly string[],
  file = "tests/faults/events.test.ts",
): Error {
  const shown = problems.slice(0, 20).join("\n  ");
  return new Error(
    `seed ${seed}: ${problems.length} problems:\n  ${shown}\n` +
      `schedule: ${describeSchedule(schedule)}\nthe same again: SEED=${seed} npx vitest run ${file}`,
  );
}

/** @returns whether the fault came to pass */
async function undergo(fault: Fault, stage: Stage, witness: Witness): Promise<boolean> {
  if (!(await witness.reached(() => witness.acknowledged >= fault.after))) return false;
  const answers = witness.answers + fault.lasts;
  try {
    await stage.inflict(fault);
    await witness.reached(() => witness.answers >= answers, fault.limitMs);
  } finally {
    await stage.mend(fault);
  }
  return true;
}

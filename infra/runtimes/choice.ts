import { findCheckout } from "../copies/checkout";
import { engineInUse } from "../copies/engine-place";
import { Problem } from "../copies/problem";
import type { CopyRecord, RuntimeName } from "../copies/registry";
import { docker } from "./docker/docker";
import { embedded } from "./embedded/embedded";
import type { Runtime } from "./runtime";

const RUNTIMES: Readonly<Record<RuntimeName, Runtime>> = { docker, embedded };

export const ALL_RUNTIMES: readonly Runtime[] = Object.values(RUNTIMES);

export interface RuntimeChoice {
  readonly runtime: Runtime;
  /** Why it was picked, and what would enable another: the first line that `up` prints. */
  readonly reason: string;
}

/**
 * The runtime for a copy: the one it was born with, otherwise the one asked for. `auto` is docker where everything it
 * needs is there, else embedded, and the reason says what would enable the other.
 * @param asked RUNTIME: `auto` or a runtime's name
 * @throws Problem when an existing copy is asked to change its runtime, or no such runtime exists
 */
export async function chooseRuntime(asked: string, record: CopyRecord | undefined): Promise<RuntimeChoice> {
  if (asked !== "auto" && !isRuntimeName(asked)) {
    throw new Problem(`RUNTIME=${asked} is not known. There is: auto, ${Object.keys(RUNTIMES).join(", ")}.`);
  }
  if (record) return keepRuntime(asked, record);
  return asked === "auto" ? chooseByMachine() : { runtime: RUNTIMES[asked], reason: `${asked} (as asked)` };
}

function keepRuntime(asked: string, record: CopyRecord): RuntimeChoice {
  if (asked === "auto" || asked === record.runtime) {
    return { runtime: runtimeOf(record), reason: `${record.runtime} (the copy's own)` };
  }
  throw new Problem(
    `Copy "${record.name}" was born in the ${record.runtime} runtime and keeps it. ` +
      `Leave RUNTIME out, or begin anew: make down COPY=${record.name}`,
  );
}

async function chooseByMachine(): Promise<RuntimeChoice> {
  const lacks = (await docker.diagnose(findCheckout())).filter(({ ok }) => !ok);
  if (lacks.length === 0) {
    return {
      runtime: docker,
      reason: "docker (engine, Terraform and images are there; RUNTIME=embedded needs Node alone)",
    };
  }
  const missing = lacks.map(({ what, found, mend }) => `${what}: ${found}; ${mend}`).join("; ");
  return { runtime: embedded, reason: `embedded (needs Node alone; for docker: ${missing})` };
}

/** @throws Problem when the copy lives on another engine than commands talk to now, or its runtime is unknown */
export function runtimeOf(record: Pick<CopyRecord, "runtime" | "name" | "docker">): Runtime {
  const runtime = RUNTIMES[record.runtime];
  if (!runtime) throw new Problem(`Copy "${record.name}" names an unknown runtime: ${record.runtime}.`);
  const elsewhere = engineElsewhere(record);
  if (elsewhere) throw new Problem(`Copy "${record.name}" lives on ${elsewhere}.`);
  return runtime;
}

/** @returns the engine that a docker copy lives on and how to talk to it, where that is not the one in use */
export function engineElsewhere({ docker: claim }: Pick<CopyRecord, "docker">): string | undefined {
  if (!claim || claim.engine === engineInUse()) return undefined;
  return claim.engine
    ? `the engine ${claim.engine}: say so with DOCKER_HOST=${claim.engine}`
    : `this machine's engine: leave DOCKER_HOST=${engineInUse()} out`;
}

function isRuntimeName(name: string): name is RuntimeName {
  return Object.hasOwn(RUNTIMES, name);
}

import { Problem } from "../copies/problem";
import type { CopyRecord, RuntimeName } from "../copies/registry";
import { embedded } from "./embedded/embedded";
import type { Runtime } from "./runtime";

const RUNTIMES: Readonly<Record<RuntimeName, Runtime>> = { embedded };

export const ALL_RUNTIMES: readonly Runtime[] = Object.values(RUNTIMES);

export interface RuntimeChoice {
  readonly runtime: Runtime;
  /** Why it was picked, and what would enable another: the first line that `up` prints. */
  readonly reason: string;
}

/**
 * The runtime for a copy: the one it was born with, otherwise the one asked for.
 * @param asked RUNTIME: `auto` or a runtime's name
 * @throws Problem when an existing copy is asked to change its runtime, or no such runtime exists
 */
export function chooseRuntime(asked: string, record: CopyRecord | undefined): RuntimeChoice {
  if (asked !== "auto" && !isRuntimeName(asked)) {
    throw new Problem(`RUNTIME=${asked} is not known. There is: auto, ${Object.keys(RUNTIMES).join(", ")}.`);
  }
  if (!record) return { runtime: RUNTIMES.embedded, reason: "embedded (needs Node alone)" };
  if (asked !== "auto" && asked !== record.runtime) {
    throw new Problem(
      `Copy "${record.name}" was born in the ${record.runtime} runtime and keeps it. ` +
        `Leave RUNTIME out, or begin anew: make down COPY=${record.name}`,
    );
  }
  return { runtime: runtimeOf(record), reason: `${record.runtime} (the copy's own)` };
}

export function runtimeOf(record: Pick<CopyRecord, "runtime" | "name">): Runtime {
  const runtime = RUNTIMES[record.runtime];
  if (!runtime) throw new Problem(`Copy "${record.name}" names an unknown runtime: ${record.runtime}.`);
  return runtime;
}

function isRuntimeName(name: string): name is RuntimeName {
  return Object.hasOwn(RUNTIMES, name);
}

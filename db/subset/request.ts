import type { DumpProgress } from "../dump/parts";

/** The part of a dump that is asked for. */
export interface Subset {
  /** Only the last so many calendar days: the newest day of the dump and those before it. */
  readonly days?: number | undefined;
  /** Only so many lanes: those with the most prices in the days kept, ties in order of codes. */
  readonly lanes?: number | undefined;
}

export interface SubsetProgress extends DumpProgress {
  /** The dump is read twice: to choose, then to write. */
  readonly pass: 1 | 2;
}

export interface SubsetOptions {
  /** Told after every block of rows read, some thousand at a time. */
  onProgress?: ((done: SubsetProgress) => void) | undefined;
  /** Stops the work, which leaves nothing; the promise is then rejected with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** @throws RangeError naming the value and what is valid */
export function checkSubset(subset: Subset): void {
  for (const name of ["days", "lanes"] as const) {
    const value = subset[name];
    if (value === undefined || (Number.isSafeInteger(value) && value >= 1)) continue;
    throw new RangeError(`${name} is ${value}, expected an integer of at least 1, such as ${name}=7, or none for all`);
  }
}

/** The same for the same subset, for the head of the file. */
export function describeSubset({ days, lanes }: Subset): string {
  return `days=${days ?? "all"} lanes=${lanes ?? "all"}`;
}

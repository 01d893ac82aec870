import type { Checkpoint } from "./checkpoint";
import type { Page } from "./page";
import { overlapOf, timesOf } from "./page-times";
import type { Step } from "./step";

/** Where a stored page leaves the walk: with the cursor of the next page, or at its end. */
export function advanced(checkpoint: Checkpoint, step: Step, { events }: Page, next: string | undefined): Checkpoint {
  const times = timesOf(events);
  const mark = times === undefined ? undefined : times.upper + overlapOf(times);
  return {
    ...checkpoint,
    source: step.source.name,
    cursor: next,
    previousCursor: step.request.cursor,
    lowWater: lower(checkpoint.lowWater, mark),
    isBroken: step.kind === "resume" || (step.kind === "cursor" && checkpoint.isBroken),
    pages: checkpoint.pages + 1,
    isComplete: next === undefined,
  };
}

function lower(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

import type { Checkpoint } from "./checkpoint";
import type { PageKind } from "./judge";
import type { PageRequest, Source } from "./source";

/** The page to ask for next. */
export interface Step {
  readonly source: Source;
  readonly kind: PageKind;
  readonly request: PageRequest;
  /** How the walk got there, for the log. */
  readonly how: "cursor" | "other source's cursor" | "time" | "start";
}

/** How much further than the low-water mark to reach back where an overlap was not enough; in overlaps. */
const REACHES = [0, 4, 16, 64];
/** An overlap where none is known, in ms. */
const USUAL_OVERLAP_MS = 10_000;

/** The page that a cursor leads to. */
export function cursorStep(source: Source, { since, until }: Checkpoint, cursor: string): Step {
  return { source, kind: "cursor", request: { cursor, since, until }, how: "cursor" };
}

/** The newest page of the part. */
export function startStep(source: Source, { since, until }: Checkpoint): Step {
  return { source, kind: "start", request: { since, until }, how: "start" };
}

/** What is known besides the checkpoint. */
interface Known {
  /** A cursor of this very source, from before the other one had to help out. */
  readonly own: string | undefined;
  /** ms that a page overlaps with the one before. */
  readonly overlap: number | undefined;
}

/**
 * The ways to go on from a checkpoint, the cheapest first. All but the last have to be proved by the page that they lead
 * to; the last is to walk from the start, past everything that is stored.
 */
export function waysFrom(checkpoint: Checkpoint, source: Source, { own, overlap = USUAL_OVERLAP_MS }: Known): Step[] {
  const { since, until, previousCursor, lowWater } = checkpoint;
  const steps: Step[] = [];
  if (own !== undefined) steps.push(cursorStep(source, checkpoint, own));
  const isForeign = checkpoint.source !== undefined && checkpoint.source !== source.name;
  if (isForeign && previousCursor !== undefined && source.takesForeign !== false) {
    const request = { cursor: previousCursor, since, until };
    steps.push({ source, kind: "resume", request, how: "other source's cursor" });
  }
  if (lowWater !== undefined && source.windows !== false) {
    for (const reach of REACHES) {
      const mark = Math.min(until ?? Number.POSITIVE_INFINITY, lowWater + reach * overlap);
      steps.push({ source, kind: "resume", request: { since, until: mark }, how: "time" });
    }
  }
  return [...steps, startStep(source, checkpoint)];
}

import { Attempt, type AttemptParts } from "./attempt";
import { type Checkpoint, newPart } from "./checkpoint";
import type { Page } from "./page";
import { isWithin, timesOf } from "./page-times";
import type { Source } from "./source";

/** Parts for each worker: events are not spread evenly, and whoever is done early takes another. */
const PARTS_PER_WORKER = 4;
/** A part smaller than this many pages is not worth its own beginning and end. */
const LEAST_PAGES = 4;
/** Parts overlap by so much, in ms: whether an end of a span is within it is not known. */
const OVERLAP_MS = 2_000;
/** Enough events to see whether spans of time are kept to. */
const PROBE_EVENTS = 50;

/**
 * Divides the feed into spans of time for several workers, where a page proves that the stream can be asked for them. The
 * newest and the oldest part are open, so that no event is outside.
 * @returns one part, the whole, where it cannot be divided
 */
export async function planParts(parts: AttemptParts, workers: number): Promise<Checkpoint[]> {
  const whole = [newPart(1, { since: undefined, until: undefined })];
  const stream = parts.sources.pick();
  if (workers === 1 || stream.name !== "stream") return whole;
  const first = await pageOf(parts, stream, {});
  const extent = first && extentOf(first);
  if (extent === undefined) return whole;
  const middle = (extent.newest + extent.oldest) / 2;
  const span = { since: middle - extent.pageMs, until: middle };
  const probe = await pageOf(parts, stream, { ...span, limit: PROBE_EVENTS });
  stream.windows = probe !== undefined && isWithin(timesOf(probe.events), span);
  parts.log.info({ isPossible: stream.windows }, "asked whether the feed can be divided by time");
  if (!stream.windows) return whole;
  return divided(extent, Math.min(workers * PARTS_PER_WORKER, Math.floor(extent.pages / LEAST_PAGES)));
}

async function pageOf(parts: AttemptParts, source: Source, request: object): Promise<Page | undefined> {
  const outcome = await new Attempt(parts, source, request).run();
  return outcome.kind === "page" ? outcome.page : undefined;
}

interface Extent {
  readonly newest: number;
  readonly oldest: number;
  readonly pageMs: number;
  readonly pages: number;
}

/** How far the feed reaches back if it is everywhere as dense as on its newest page. */
function extentOf({ events, total = 0 }: Page): Extent | undefined {
  const times = timesOf(events);
  const pages = Math.ceil(total / Math.max(1, events.length));
  if (times === undefined || pages < 2 * LEAST_PAGES) return undefined;
  const pageMs = Math.max(1, times.upper - times.lower);
  return { newest: times.upper, oldest: times.upper - pages * pageMs, pageMs, pages };
}

function divided({ newest, oldest }: Extent, count: number): Checkpoint[] {
  const bounds = Array.from({ length: count - 1 }, (_, index) => newest - ((index + 1) * (newest - oldest)) / count);
  return Array.from({ length: count }, (_, index) => {
    const since = bounds[index];
    const until = bounds[index - 1];
    return newPart(index + 1, {
      since: since === undefined ? undefined : Math.floor(since),
      until: until === undefined ? undefined : Math.ceil(until) + OVERLAP_MS,
    });
  });
}

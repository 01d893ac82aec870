import type { PulledEvent } from "./pulled-event";

/**
 * Which share of a page's times is passed over at either end: a few events have times that are wrong, and a mark that one of
 * them set would leave out everything that is newer.
 */
const TRUSTED_SHARE = 0.8;
/** Times are often cut to whole seconds, and a moment may be within a span or not. */
const LEAST_OVERLAP_MS = 2_000;

/** The times of a page, robust against a few that are wrong; ms since 1970. */
export interface PageTimes {
  /** Newer than most of the page. */
  readonly upper: number;
  /** Older than most of the page. */
  readonly lower: number;
}

/** @returns undefined where hardly any event has a time */
export function timesOf(events: readonly PulledEvent[]): PageTimes | undefined {
  const times = events.flatMap(({ occurredAt }) => (occurredAt === undefined ? [] : [Date.parse(occurredAt)]));
  if (times.length === 0 || times.length < events.length / 10) return undefined;
  times.sort((one, other) => one - other);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { upper: at(TRUSTED_SHARE), lower: at(1 - TRUSTED_SHARE) };
}

/** What the span before a mark has to have in common with what is known, so that nothing falls between. */
export function overlapOf(times: PageTimes | undefined): number {
  return times === undefined ? LEAST_OVERLAP_MS : Math.max(LEAST_OVERLAP_MS, times.upper - times.lower);
}

/** Whether most of a page lies within a span, give or take what rounding does to a time. */
export function isWithin(
  times: PageTimes | undefined,
  { since, until }: { since?: number | undefined; until?: number | undefined },
) {
  if (times === undefined) return false;
  return (
    times.upper <= (until ?? times.upper) + LEAST_OVERLAP_MS && times.lower >= (since ?? times.lower) - LEAST_OVERLAP_MS
  );
}

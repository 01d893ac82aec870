import { invalidRequest } from "../platform/http/problem";
import { microsecondsOf, timeOf } from "../platform/values/time";

/** A range of time, from a moment on and before another; a side that is left out is open. ISO text in UTC. */
export interface Period {
  readonly from?: string | undefined;
  readonly until?: string | undefined;
}

/** A period cut at the full hours: what the rollup answers, and the rest at the edges, which the rows do. */
export interface CutPeriod {
  /** Undefined where there is no whole hour. */
  readonly hours: Period | undefined;
  readonly edges: readonly Required<Period>[];
}

const A_DAY_MS = 86_400_000;
const AN_HOUR_MS = 3_600_000;
const A_DAY_ALONE = /^(\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{8})$/;
const LAST_MS = 253_402_300_799_999;

/**
 * Reads the two ends of a period, both included; an end that is a day includes all of it.
 * @throws {Problem} 400 when one is no time, or when they are the wrong way round
 */
export function periodOf({ startDate, endDate }: { startDate?: string; endDate?: string }): Period {
  const from = startDate === undefined ? undefined : momentOf("startDate", startDate);
  const last = endDate === undefined ? undefined : momentOf("endDate", endDate);
  const until = last && (A_DAY_ALONE.test(endDate?.trim() ?? "") ? dayAfter(last) : justAfter(last));
  if (from !== undefined && until !== undefined && from >= until) {
    throw invalidRequest([{ field: "startDate", value: startDate, reason: `must not be after endDate, ${endDate}` }]);
  }
  return { from, until };
}

/** With microseconds, so that moments compare as texts. */
function momentOf(field: string, text: string): string {
  const result = timeOf(text);
  if ("iso" in result) return microsecondsOf(result.iso).replace(/\.(\d{3})Z$/, ".$1000Z");
  throw invalidRequest([{ field, value: text, reason: result.reason }]);
}

function dayAfter(moment: string): string | undefined {
  return isoOf(millisecondsOf(moment) + A_DAY_MS);
}

function justAfter(moment: string): string | undefined {
  const micros = Number(moment.slice(23, 26)) + 1;
  if (micros < 1_000) return `${moment.slice(0, 23)}${String(micros).padStart(3, "0")}Z`;
  return isoOf(millisecondsOf(moment) + 1);
}

/** Behind the last moment that there is nothing can be. */
function isoOf(ms: number): string | undefined {
  return ms > LAST_MS ? undefined : new Date(ms).toISOString().replace("Z", "000Z");
}

function millisecondsOf(moment: string): number {
  return Date.parse(`${moment.slice(0, 23)}Z`);
}

/** Cuts a period at the full hours. */
export function cut({ from, until }: Period): CutPeriod {
  const firstHour = from && hourFrom(from);
  const lastHour = until && isoOf(Math.floor(millisecondsOf(until) / AN_HOUR_MS) * AN_HOUR_MS);
  if (from && until && (firstHour === undefined || (lastHour ?? "") <= firstHour)) {
    return { hours: undefined, edges: [{ from, until }] };
  }
  const edges = [
    ...(from && firstHour && from < firstHour ? [{ from, until: firstHour }] : []),
    ...(until && lastHour && lastHour < until ? [{ from: lastHour, until }] : []),
  ];
  return { hours: { from: firstHour, until: lastHour }, edges };
}

/** The first full hour that is not before a moment. */
function hourFrom(moment: string): string | undefined {
  const hour = Math.floor(millisecondsOf(moment) / AN_HOUR_MS) * AN_HOUR_MS;
  const iso = isoOf(hour);
  return iso === moment ? iso : isoOf(hour + AN_HOUR_MS);
}

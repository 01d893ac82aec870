/**
 * A day of the real calendar in UTC as YYYY-MM-DD, from year 0001 on; the schema of a request checks that. Days are compared and kept as text, so no time zone can shift them.
 */
export type Day = string;

const DAY_MS = 86_400_000;

/** 160 years of days take 3 MB; a process that is asked for more begins anew. */
const MOST_REMEMBERED = 60_000;

/** Days as text by their number since 1970: to write one costs as much as all the rest of a day's rate. */
const remembered = new Map<number, Day>();

/** How many days a range has, both ends included; 0 or less when it is reversed. */
export function countDays(from: Day, to: Day): number {
  return (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
}

/** Every day of a range, the newest first. */
export function daysNewestFirst(from: Day, to: Day): Day[] {
  const newest = Date.parse(to) / DAY_MS;
  return Array.from({ length: countDays(from, to) }, (_, index) => dayOf(newest - index));
}

function dayOf(number: number): Day {
  const known = remembered.get(number);
  if (known !== undefined) return known;
  const day = new Date(number * DAY_MS).toISOString().slice(0, 10);
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  remembered.set(number, day);
  return day;
}

/**
 * A day of the real calendar in UTC as YYYY-MM-DD, from year 0001 on; the schema of a request checks that. Days are compared and kept as text, so no time zone can shift them.
 */
export type Day = string;

const DAY_MS = 86_400_000;

/** How many days a range has, both ends included; 0 or less when it is reversed. */
export function countDays(from: Day, to: Day): number {
  return (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
}

/** Every day of a range, the newest first. */
export function daysNewestFirst(from: Day, to: Day): Day[] {
  const newest = Date.parse(to);
  return Array.from({ length: countDays(from, to) }, (_, index) => dayOf(newest - index * DAY_MS));
}

function dayOf(time: number): Day {
  return new Date(time).toISOString().slice(0, 10);
}

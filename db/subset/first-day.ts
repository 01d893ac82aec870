/** Before every day that a dump may have. */
export const EARLIEST = 0;

/**
 * @param newest a day as the number YYYYMMDD
 * @param days how many calendar days end with it
 * @returns the first of them
 */
export function firstDay(newest: number, days: number): number {
  const date = new Date(0);
  // Unlike Date.UTC it takes the years before 100 for what they are.
  date.setUTCFullYear(Math.floor(newest / 10_000), (Math.floor(newest / 100) % 100) - 1, (newest % 100) - (days - 1));
  const year = date.getUTCFullYear();
  // Also where the date is invalid: so many days lead past all that a Date can say.
  if (!(year > 0)) return EARLIEST;
  return year * 10_000 + (date.getUTCMonth() + 1) * 100 + date.getUTCDate();
}

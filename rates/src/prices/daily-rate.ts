import { type Day, daysNewestFirst } from "./day";
import type { DayTotal } from "./queries";

/** The rate of a day: how many prices there are and their mean. Keys stand in the order in which clients get them. */
interface DailyRate {
  readonly count: number | null;
  readonly day: Day;
  readonly price: number | null;
}

/** With fewer prices than this a mean says too little to be published. */
const FEWEST_PRICES = 3;

/** One rate for every day of the range, the newest first; a day without prices has nulls. */
export function dailyRates(totals: readonly DayTotal[], { from, to }: { from: Day; to: Day }): DailyRate[] {
  const byDay = new Map(totals.map((total) => [total.day, total]));
  return daysNewestFirst(from, to).map((day) => {
    const total = byDay.get(day);
    if (total === undefined) return { count: null, day, price: null };
    const { count, sum } = total;
    return { count, day, price: count < FEWEST_PRICES ? null : sum / count };
  });
}

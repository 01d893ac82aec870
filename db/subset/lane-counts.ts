import { EARLIEST, firstDay } from "./first-day";

/**
 * Counts prices by lane in the last days, while the newest day is still unknown: by day, and a day is forgotten as soon
 * as it is too old. Memory grows with the lanes and the days kept, one number for each of their pairs; not with the prices.
 */
export class LaneCounts {
  readonly #days: number | undefined;
  /** By day, then by the lane's number. Without a limit of days, all of them are one. */
  readonly #counts = new Map<number, number[]>();
  #newest = EARLIEST;
  #first = EARLIEST;

  constructor(days: number | undefined) {
    this.#days = days;
  }

  /** The first day that is kept, as the days noted so far have it. */
  get firstDay(): number {
    return this.#first;
  }

  /** Every price's day goes here. @returns whether it is among the last ones */
  noteDay(day: number): boolean {
    if (this.#days !== undefined && day > this.#newest) this.#advance(day, this.#days);
    return day >= this.#first;
  }

  /** Those of a day among the last ones go here, where lanes are chosen. */
  noteLane(day: number, lane: number): void {
    const counts = this.#countsOf(this.#days === undefined ? EARLIEST : day);
    counts[lane] = (counts[lane] ?? 0) + 1;
  }

  /** How many prices each lane has in the days kept, by its number; lanes without one are left out. */
  sums(): Map<number, number> {
    const sums = new Map<number, number>();
    for (const counts of this.#counts.values()) {
      counts.forEach((count, lane) => {
        sums.set(lane, (sums.get(lane) ?? 0) + count);
      });
    }
    return sums;
  }

  #advance(newest: number, days: number): void {
    this.#newest = newest;
    this.#first = firstDay(newest, days);
    for (const day of this.#counts.keys()) if (day < this.#first) this.#counts.delete(day);
  }

  #countsOf(day: number): number[] {
    const known = this.#counts.get(day);
    if (known) return known;
    const counts: number[] = [];
    this.#counts.set(day, counts);
    return counts;
  }
}

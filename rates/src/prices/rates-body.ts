import { type Day, daysNewestFirst } from "./day";
import type { Totals } from "./queries";

/** With fewer prices than this a mean says too little to be published. */
const FEWEST_PRICES = 3;

/**
 * Writes the JSON of an answer: one rate for every day of the range, the newest first; a day without prices has nulls.
 * Written by hand, because keys and days need no escaping: a month takes 20 us of CPU, by objects and JSON.stringify 72
 * (medians of three on a busy machine).
 * @param rows in any order, no day in two of them; days outside the range are left out
 */
export function ratesBody(rows: readonly Totals[], { from, to }: { from: Day; to: Day }): string {
  const totals = new TotalsNewestFirst(rows);
  let rates = "";
  for (const day of daysNewestFirst(from, to)) {
    const rate = totals.isAt(day) ? rateOf(day, totals) : `{"count":null,"day":"${day}","price":null}`;
    rates += rates === "" ? rate : `,${rate}`;
  }
  return `{"rates":[${rates}]}`;
}

function rateOf(day: Day, { count, sum }: { count: string; sum: string }): string {
  const prices = Number(count);
  return `{"count":${count},"day":"${day}","price":${prices < FEWEST_PRICES ? null : Number(sum) / prices}}`;
}

/** Goes through the days of the totals from the last to the first. */
class TotalsNewestFirst {
  #month: number;
  #days: readonly string[] = [];
  #counts: readonly string[] = [];
  #sums: readonly string[] = [];
  #index = -1;

  readonly rows: readonly Totals[];

  constructor(rows: readonly Totals[]) {
    // A month's text begins with its first day.
    this.rows = rows.toSorted((a, b) => ((a.days ?? "") < (b.days ?? "") ? -1 : 1));
    this.#month = rows.length;
    this.#previous();
  }

  get count(): string {
    return this.#counts[this.#index] ?? "";
  }

  get sum(): string {
    return this.#sums[this.#index] ?? "";
  }

  /** Whether there are totals of a day; to be asked for ever older days. */
  isAt(day: Day): boolean {
    while (this.#index >= 0 && (this.#days[this.#index] ?? "") > day) this.#previous();
    return this.#days[this.#index] === day;
  }

  #previous(): void {
    this.#index -= 1;
    while (this.#index < 0 && this.#month > 0) {
      this.#month -= 1;
      this.#read(this.rows[this.#month]);
    }
  }

  #read(month: Totals | undefined): void {
    this.#days = elementsOf(month?.days);
    this.#counts = elementsOf(month?.counts);
    this.#sums = elementsOf(month?.sums);
    this.#index = this.#days.length - 1;
  }
}

/** The elements of an array as PostgreSQL writes it, where none needs quotes. */
function elementsOf(array: string | null | undefined): readonly string[] {
  return array ? array.slice(1, -1).split(",") : [];
}

/** Two sides measured in turns, so that what else the machine does falls on both alike. */
export interface Paired {
  /** Of each pair, what B took divided by what A took: above 1, A is the faster. In ascending order. */
  readonly ratios: readonly number[];
  /** Seconds of each run, in ascending order. */
  readonly a: readonly number[];
  readonly b: readonly number[];
}

/** One run of a side. @returns the seconds that count; what prepares the run is not among them */
export type Run = () => Promise<number>;

/** Runs A B, B A, A B ... (ABBA), so that neither side is always the one that comes second. */
export async function paired(a: Run, b: Run, pairs = 5): Promise<Paired> {
  const taken: { a: number; b: number }[] = [];
  while (taken.length < pairs) {
    if (taken.length % 2 === 0) taken.push({ a: await a(), b: await b() });
    else {
      const second = await b();
      taken.push({ a: await a(), b: second });
    }
  }
  return {
    ratios: ascending(taken.map((pair) => pair.b / pair.a)),
    a: ascending(taken.map((pair) => pair.a)),
    b: ascending(taken.map((pair) => pair.b)),
  };
}

/** The one in the middle; of an even number, the larger of the two. */
export function median(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Takes the time of a work, in seconds. */
export async function timed(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

/** What stands in a table for ratios in ascending order: the median and the least. */
export function ratioCell(ratios: readonly number[]): string {
  return `${median(ratios).toFixed(2)} [${(ratios[0] ?? Number.NaN).toFixed(2)}]`;
}

/** As a rate, the seconds of one piece in ascending order. */
export function rateCell(seconds: readonly number[]): string {
  return `${Math.round(1 / median(seconds)).toLocaleString("en")}/s`;
}

export function ascending(numbers: readonly number[]): number[] {
  return [...numbers].sort((one, other) => one - other);
}

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

function ascending(numbers: readonly number[]): number[] {
  return [...numbers].sort((one, other) => one - other);
}

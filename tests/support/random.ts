/** The seed of this run: SEED replays one. It is printed with every failure that depends on it. */
export const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);

/**
 * Numbers in [0, 1) that follow from a seed. Mulberry32 by Tommy Ettinger (public domain): 32 bits of state are plenty
 * for choosing moments, and the same everywhere.
 */
export function randomNumbers(from: number): () => number {
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

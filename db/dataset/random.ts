/** Gives the next number of its stream, from 0 (included) to 1 (excluded). */
export type Random = () => number;

/**
 * A stream of its own for each subject: a port or lane that is added later leaves the numbers of all others alone.
 * The generator is mulberry32 (Tommy Ettinger, public domain): 32 bits of state, ample for some thousand draws each.
 */
export function randomFor(subject: string): Random {
  let state = seedOf(subject);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** FNV-1a, 32 bits (Fowler, Noll, Vo). */
function seedOf(subject: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(subject)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

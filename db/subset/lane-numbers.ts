import type { RowCursor } from "./row-cursor";

/** A lane as its rows spell it. */
interface Spelling {
  readonly origin: Buffer;
  readonly destination: Buffer;
  readonly number: number;
}

/** FNV-1a, 32 bits (draft-eastlake-fnv): two steps for each byte. */
const HASH_START = 0x811c9dc5;

/** The codes of a lane; see `fieldValue` for the text's form. */
export type LaneCodes = readonly [origin: string, destination: string];

/**
 * Numbers lanes from 0, in the order they come. Looked up by their bytes: with a string for each row, a subset of 1e7
 * prices took 17 to 20 s instead of 9 to 12 s (both passes, two busy cores).
 */
export class LaneNumbers {
  /** By hash; few have more than one. */
  readonly #spellings = new Map<number, Spelling[]>();
  /** By origin, then destination: one lane may be spelled in several ways. */
  readonly #numbers = new Map<string, Map<string, number>>();
  readonly #codes: LaneCodes[] = [];

  /** @returns what gives the number of the lane of the row that the cursor is at */
  numbering(row: RowCursor): () => number {
    const [origin, destination] = [row.fieldOf("orig_code"), row.fieldOf("dest_code")];
    return () => {
      const hash = row.hash(destination, row.hash(origin, HASH_START));
      const spellings = this.#spellings.get(hash);
      for (const known of spellings ?? []) {
        if (row.holds(origin, known.origin) && row.holds(destination, known.destination)) return known.number;
      }
      const number = this.#numberOf([row.value(origin) ?? "", row.value(destination) ?? ""]);
      const added = { origin: row.bytes(origin), destination: row.bytes(destination), number };
      this.#spellings.set(hash, [...(spellings ?? []), added]);
      return number;
    };
  }

  codesOf(number: number): LaneCodes {
    const codes = this.#codes[number];
    if (!codes) throw new RangeError(`there is no lane ${number}, expected one of 0 to ${this.#codes.length - 1}`);
    return codes;
  }

  #numberOf(codes: LaneCodes): number {
    const [origin, destination] = codes;
    const destinations = this.#numbers.get(origin) ?? new Map<string, number>();
    this.#numbers.set(origin, destinations);
    const known = destinations.get(destination);
    if (known !== undefined) return known;
    destinations.set(destination, this.#codes.length);
    return this.#codes.push(codes) - 1;
  }
}

/** As PostgreSQL sorts two codes in collation C: by origin, then by destination. */
export function compareCodes(a: LaneCodes, b: LaneCodes): number {
  return compare(a[0], b[0]) || compare(a[1], b[1]);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

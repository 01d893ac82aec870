import type { SourceName } from "./source";

/** How far one part of the feed has been walked through, from its newest event to its oldest. */
export interface Checkpoint {
  readonly part: number;
  /** The span of time that the part is; ms since 1970, open where undefined. */
  readonly since: number | undefined;
  readonly until: number | undefined;
  /** Where the cursors come from; undefined before the first page. */
  readonly source: SourceName | undefined;
  /** The cursor of the page after the last one that is stored. */
  readonly cursor: string | undefined;
  /** The one of the last page that is stored, which can be had again by it. */
  readonly previousCursor: string | undefined;
  /** Everything of the part that is newer is stored; ms since 1970. */
  readonly lowWater: number | undefined;
  /** Whether the walk has lost its cursor on the way and gone on by time. */
  readonly isBroken: boolean;
  readonly pages: number;
  readonly isComplete: boolean;
}

/** A part of which nothing is stored. */
export function newPart(part: number, { since, until }: Pick<Checkpoint, "since" | "until">): Checkpoint {
  return {
    part,
    since,
    until,
    source: undefined,
    cursor: undefined,
    previousCursor: undefined,
    lowWater: undefined,
    isBroken: false,
    pages: 0,
    isComplete: false,
  };
}

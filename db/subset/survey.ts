import { type Fault, faultsOf } from "../dump/error";
import type { DumpCopy, DumpSummary } from "../dump/parts";
import { readDump } from "../dump/reader";
import { Keys } from "./keys";
import { LaneCounts } from "./lane-counts";
import { compareCodes, LaneNumbers } from "./lane-numbers";
import type { Subset, SubsetOptions } from "./request";
import { RowCursor } from "./row-cursor";
import { type Choice, Selection } from "./selection";

/** What has to be known of the whole dump before a part of it can be written. */
export interface Survey {
  readonly selection: Selection;
  readonly summary: DumpSummary;
}

/**
 * Reads a dump to its end and decides what of it is kept.
 * @throws DumpError naming file and line, at the first thing that is not as expected
 */
export async function surveyDump(source: string, subset: Subset, options: SubsetOptions): Promise<Survey> {
  const { signal, onProgress } = options;
  const notes = new Notes(faultsOf(source), subset);
  for await (const part of readDump(source, { onProgress: (done) => onProgress?.({ ...done, pass: 1 }) })) {
    if (part.kind === "copy") await notes.take(part, signal);
    if (part.kind === "end") return { selection: notes.selection(), summary: part.summary };
  }
  throw new Error(`the reader of ${source} came to no end`);
}

/** What is noted of the rows. */
class Notes {
  readonly #fault: Fault;
  readonly #subset: Subset;
  readonly #keys: Keys;
  readonly #lanes = new LaneNumbers();
  readonly #counts: LaneCounts;

  constructor(fault: Fault, subset: Subset) {
    this.#fault = fault;
    this.#subset = subset;
    this.#keys = new Keys(fault);
    this.#counts = new LaneCounts(subset.days);
  }

  async take(copy: DumpCopy, signal: AbortSignal | undefined): Promise<void> {
    const row = new RowCursor(copy);
    const note = copy.table === "prices" ? this.#notingPrices(row) : this.#keys.noting(copy.table, row);
    for await (const rows of copy.rows) {
      signal?.throwIfAborted();
      row.enter(rows);
      while (row.next()) note();
    }
  }

  selection(): Selection {
    return new Selection({ choice: this.#choice(), keys: this.#keys, lanes: this.#lanes, fault: this.#fault });
  }

  #notingPrices(row: RowCursor): () => void {
    const choosesLanes = this.#subset.lanes !== undefined;
    const day = row.fieldOf("day");
    const laneOf = this.#lanes.numbering(row);
    return () => {
      const at = row.day(day);
      if (this.#counts.noteDay(at) && choosesLanes) this.#counts.noteLane(at, laneOf());
    };
  }

  /** With days alone all ports and regions stay: a batch for a port without a price in those days has to be taken. */
  #choice(): Choice {
    const { firstDay } = this.#counts;
    if (this.#subset.lanes === undefined) return { firstDay };
    const lanes = this.#mostPriced(this.#subset.lanes);
    const ports = new Set(lanes.flatMap((lane) => this.#lanes.codesOf(lane)));
    return { firstDay, lanes: new Set(lanes), ports, regions: this.#keys.regionsAbove(ports) };
  }

  #mostPriced(limit: number): number[] {
    const sums = [...this.#counts.sums()];
    const codesOf = (lane: number) => this.#lanes.codesOf(lane);
    sums.sort(([a, most], [b, other]) => other - most || compareCodes(codesOf(a), codesOf(b)));
    return sums.slice(0, limit).map(([lane]) => lane);
  }
}

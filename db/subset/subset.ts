import type { DumpSummary } from "../dump/parts";
import { PartText } from "./part-text";
import { checkSubset, type Subset, type SubsetOptions } from "./request";
import { surveyDump } from "./survey";
import { writeWholeFile } from "./whole-file";

export type { Subset, SubsetOptions, SubsetProgress } from "./request";

/** Of the file written. */
export interface SubsetSummary extends DumpSummary {
  /** What it is a part of. */
  readonly source: DumpSummary;
}

/**
 * Writes a dump that holds a part of another and loads like any: foreign keys lead somewhere, the rest stays as it was.
 * With `lanes`, ports without a kept lane go, and regions without a port; with `days` alone all of them stay. The same
 * source and subset give the same bytes. The source is read twice and never held: memory grows with the lanes (with
 * `days` and `lanes` together, with the pairs of a lane and a kept day), not with the prices.
 * @param target written whole or not at all, in a folder that is there
 * @throws RangeError on days or lanes that are no integer of at least 1; DumpError naming file and line of the source, at
 * the first thing that is not as expected or does not lead anywhere; the signal's reason
 */
export async function writeSubset(
  source: string,
  target: string,
  subset: Subset,
  options: SubsetOptions = {},
): Promise<SubsetSummary> {
  checkSubset(subset);
  options.signal?.throwIfAborted();
  const survey = await surveyDump(source, subset, options);
  const text = new PartText({ ...options, source, subset, survey });
  const { bytes, sha256 } = await writeWholeFile(target, text.pieces());
  return { path: target, bytes, sha256, rows: text.rows, source: survey.summary };
}

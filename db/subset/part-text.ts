import { faultsOf } from "../dump/error";
import { PSQL_SETTINGS, statementText } from "../dump/normalise";
import type { DumpCopy, DumpSummary } from "../dump/parts";
import { readDump } from "../dump/reader";
import type { TableName } from "../dump/schema";
import { KeptRows } from "./kept-rows";
import { describeSubset, type Subset, type SubsetOptions } from "./request";
import type { Survey } from "./survey";

const TRAILER = `
--
-- PostgreSQL database dump complete
--
`;

export interface PartTextOptions extends SubsetOptions {
  readonly source: string;
  readonly subset: Subset;
  readonly survey: Survey;
}

/** The text of a dump that holds the kept part of another, made while that is read for the second time. */
export class PartText {
  readonly #options: PartTextOptions;
  readonly #rows: Record<TableName, number> = { ports: 0, prices: 0, regions: 0 };

  constructor(options: PartTextOptions) {
    this.#options = options;
  }

  /** Written so far. */
  get rows(): Readonly<Record<TableName, number>> {
    return this.#rows;
  }

  /** @throws DumpError where the source is not what it was when it was read for the first time */
  async *pieces(): AsyncGenerator<Buffer, void, undefined> {
    const { source, signal, onProgress } = this.#options;
    signal?.throwIfAborted();
    yield Buffer.from(this.#head());
    for await (const part of readDump(source, { onProgress: (done) => onProgress?.({ ...done, pass: 2 }) })) {
      signal?.throwIfAborted();
      if (part.kind === "statement") yield Buffer.from(statementText(part.sql));
      if (part.kind === "copy") yield* this.#copy(part);
      if (part.kind === "end") this.#compare(part.summary);
    }
    yield Buffer.from(TRAILER);
  }

  #head(): string {
    const { subset, survey } = this.#options;
    const origin = `-- A part of the dump with the SHA-256 ${survey.summary.sha256}: ${describeSubset(subset)}`;
    return `--\n-- PostgreSQL database dump\n--\n\n${origin}\n\n${PSQL_SETTINGS}`;
  }

  async *#copy(copy: DumpCopy): AsyncGenerator<Buffer, void, undefined> {
    const { survey, signal } = this.#options;
    const rows = new KeptRows(copy, survey.selection);
    yield Buffer.from(`\nCOPY public.${copy.table} (${copy.columns.join(", ")}) FROM stdin;\n`);
    for await (const kept of rows) {
      signal?.throwIfAborted();
      yield kept;
    }
    yield Buffer.from("\\.\n\n");
    this.#rows[copy.table] += rows.count;
  }

  #compare({ sha256 }: DumpSummary): void {
    const { source, survey } = this.#options;
    if (sha256 === survey.summary.sha256) return;
    throw faultsOf(source)(0, "the dump changed while it was read; try again once it is written whole");
  }
}

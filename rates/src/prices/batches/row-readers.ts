import { CsvReader } from "./csv-reader";
import { JsonArrayReader } from "./json-array-reader";
import { NdjsonReader } from "./ndjson-reader";
import type { RowReader } from "./payload-window";
import type { RowSink } from "./row-sink";

const READERS = {
  "text/csv": CsvReader,
  "application/x-ndjson": NdjsonReader,
  "application/json": JsonArrayReader,
} satisfies Record<string, new (sink: RowSink) => RowReader>;

/** A media type that a payload can be of. */
export type PayloadType = keyof typeof READERS;

export const PAYLOAD_TYPES = Object.keys(READERS) as readonly PayloadType[];

/** What reads a payload of a type. */
export function readerOf(type: PayloadType, sink: RowSink): RowReader {
  return new READERS[type](sink);
}

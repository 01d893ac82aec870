import type { Column } from "./csv-header";
import { INVALID, readDay, readPrice, VALID_DAY, VALID_PRICE } from "./field-bytes";
import { decodedBytes, type RowError, shownBytes } from "./row-error";
import type { PriceRow, RowSink } from "./row-sink";

/** The values of one row, as bytes, checked at leisure: for rows that are unusual or wrong. */
export type RowValues = Readonly<Record<Column, Buffer>>;

type FieldErrors = Omit<RowError, "row">[];

/** Takes a row into the sink, or every error in it. */
export function putValues(values: RowValues, sink: RowSink): void {
  const errors: FieldErrors = [];
  const row: PriceRow = {
    orig: readCode("orig_code", values, { sink, errors }),
    dest: readCode("dest_code", values, { sink, errors }),
    day: readNumber("day", values, errors),
    price: readNumber("price", values, errors),
  };
  if (errors.length === 0) sink.put(row);
  else sink.refuse(errors);
}

function readCode(field: Column, values: RowValues, { sink, errors }: { sink: RowSink; errors: FieldErrors }): number {
  const bytes = values[field];
  const number = sink.ports.find(bytes, 0, bytes.length);
  if (number < 0) errors.push({ field, value: shownBytes(bytes), reason: reasonForCode(bytes) });
  return number;
}

function reasonForCode(bytes: Buffer): string {
  if (bytes.length === 0) return "must not be empty";
  if (bytes.includes(0)) return "must not contain NUL";
  return decodedBytes(bytes) === undefined ? "must be UTF-8" : "must be the code of a known port";
}

const READERS = {
  day: { read: readDay, valid: VALID_DAY },
  price: { read: readPrice, valid: VALID_PRICE },
};

function readNumber(field: "day" | "price", values: RowValues, errors: FieldErrors): number {
  const bytes = values[field];
  const value = READERS[field].read(bytes, 0, bytes.length);
  if (value === INVALID) errors.push({ field, value: shownBytes(bytes), reason: READERS[field].valid });
  return value;
}

import { splitCsv } from "./csv-fields";
import { decodedBytes, type RowErrors, shownBytes } from "./row-error";

/** The columns of a payload; a row has each exactly once. */
export const COLUMNS = ["orig_code", "dest_code", "day", "price"] as const;

/** The name of a column. */
export type Column = (typeof COLUMNS)[number];

/**
 * Reads the header row.
 * @returns the columns in the order of the payload, or undefined when there are errors
 */
export function readHeader(line: Buffer, errors: RowErrors): readonly Column[] | undefined {
  const fields = splitCsv(line);
  const refuse = (value: unknown, reason: string, field: string | null = null) =>
    errors.add({ row: null, field, value, reason });
  if (fields === undefined) {
    refuse(shownBytes(line), "the header row has a quote that does not end, or text beside quotes");
    return undefined;
  }
  const names = fields.map((field) => decodedBytes(field) ?? shownBytes(field));
  const before = errors.total;
  for (const [index, name] of names.entries()) {
    if (!isColumn(name)) refuse(name, `is not a known column; known are ${COLUMNS.join(", ")}`, name);
    else if (names.indexOf(name) < index) refuse(name, "must be given once in the header row", name);
  }
  for (const column of COLUMNS.filter((each) => !names.includes(each))) {
    refuse(null, "is missing in the header row", column);
  }
  return errors.total === before ? names.filter(isColumn) : undefined;
}

function isColumn(name: string): name is Column {
  return COLUMNS.some((column) => column === name);
}

const COMMA = 0x2c;
const QUOTE = 0x22;

/**
 * Splits one line at its commas, as RFC 4180 has it: a field in quotes may hold commas, and quotes twice each. Line ends
 * in quotes are not taken: no value of a price holds one, and an unpaired quote would swallow the rest of the payload.
 * @param line without its line end
 * @returns the fields, or undefined where quotes are not in order
 */
export function splitCsv(line: Buffer): Buffer[] | undefined {
  const fields: Buffer[] = [];
  for (let at = 0; at <= line.length; ) {
    const end = line[at] === QUOTE ? endOfQuoted(line, at) : endOfPlain(line, at);
    if (end === undefined) return undefined;
    fields.push(line[at] === QUOTE ? unquoted(line.subarray(at + 1, end - 1)) : line.subarray(at, end));
    at = end + 1;
  }
  return fields;
}

function endOfPlain(line: Buffer, start: number): number | undefined {
  const comma = line.indexOf(COMMA, start);
  const end = comma === -1 ? line.length : comma;
  const quote = line.indexOf(QUOTE, start);
  return quote === -1 || quote > end ? end : undefined;
}

function endOfQuoted(line: Buffer, start: number): number | undefined {
  for (let at = start + 1; ; at += 2) {
    at = line.indexOf(QUOTE, at);
    if (at === -1) return undefined;
    if (line[at + 1] !== QUOTE) return at + 1 === line.length || line[at + 1] === COMMA ? at + 1 : undefined;
  }
}

function unquoted(inside: Buffer): Buffer {
  return inside.includes(QUOTE) ? Buffer.from(inside.toString("latin1").replaceAll('""', '"'), "latin1") : inside;
}

import { type Fault, MAKE_AGAIN } from "./error";

interface ForeignFormat {
  /** What such a file begins with. */
  readonly magic: string;
  readonly name: string;
  readonly next: string;
}

/** pg_dump's settings fill the beginning of a file; a zero byte further on is damage, which has a line. */
const PREAMBLE_BYTES = 256;

const RESTORE = "turn it into SQL: pg_restore --no-owner --no-privileges --file=rates.sql THIS_FILE";
const UNPACK = "unpack it first";

/** What users have instead of plain SQL; the beginnings as bytes (latin1). Sources: PostgreSQL's pg_backup_archiver.h, file(1). */
const FOREIGN_FORMATS: readonly ForeignFormat[] = [
  { magic: "PGDMP", name: "in pg_dump's custom format", next: RESTORE },
  { magic: "toc.dat\0", name: "in pg_dump's tar format", next: RESTORE },
  { magic: "\x1f\x8b", name: "compressed with gzip", next: `${UNPACK}: gunzip --keep THIS_FILE.gz` },
  { magic: "\x28\xb5\x2f\xfd", name: "compressed with zstd", next: UNPACK },
  { magic: "\x04\x22\x4d\x18", name: "compressed with lz4", next: UNPACK },
  { magic: "\xfd7zXZ", name: "compressed with xz", next: UNPACK },
  { magic: "BZh", name: "compressed with bzip2", next: UNPACK },
  { magic: "PK\x03\x04", name: "a zip archive", next: UNPACK },
  { magic: "\xef\xbb\xbf", name: "marked with a byte order mark", next: "remove the file's first three bytes" },
  {
    magic: "\xff\xfe",
    name: "UTF-16",
    next: `${MAKE_AGAIN} --file=rates.sql, since a redirection in PowerShell writes UTF-16`,
  },
];

/** @throws DumpError when a file that begins like this cannot be SQL as pg_dump writes it */
export function refuseForeignFormat(beginning: Buffer, fault: Fault): void {
  const start = beginning.toString("latin1", 0, 16);
  const foreign = FOREIGN_FORMATS.find(({ magic }) => start.startsWith(magic));
  if (foreign) throw fault(1, `the file is ${foreign.name}, expected plain SQL; ${foreign.next}`);
  if (beginning.subarray(0, PREAMBLE_BYTES).includes(0)) {
    throw fault(1, `the file is binary, expected plain SQL; ${MAKE_AGAIN}`);
  }
  const line = beginning.subarray(0, beginning.indexOf("\n") + 1 || beginning.length);
  if (line.includes("\r")) throw fault(1, CRLF);
}

export const CRLF =
  "the lines end with CR LF, expected LF alone; make the dump again with pg_dump --file, or remove the CRs: " +
  "sed -i 's/\\r$//' THIS_FILE";

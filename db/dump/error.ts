/** What is wrong with a dump, where, and what to do about it. */
export class DumpError extends Error {
  override readonly name = "DumpError";
  readonly file: string;
  /** 1 is the first; 0 where no line is to blame, such as a file that is not there. */
  readonly line: number;
  readonly reason: string;

  constructor({ file, line }: { file: string; line: number }, reason: string, options?: ErrorOptions) {
    super(`${file}${line > 0 ? `:${line}` : ""}: ${reason}`, options);
    this.file = file;
    this.line = line;
    this.reason = reason;
  }
}

/** Makes the errors of one file. */
export type Fault = (line: number, reason: string, options?: ErrorOptions) => DumpError;

export function faultsOf(file: string): Fault {
  return (line, reason, options) => new DumpError({ file, line }, reason, options);
}

/** The next step where nothing less helps. */
export const MAKE_AGAIN = "make it again with pg_dump";

/** Enough of a statement or value to find it by. */
const QUOTED_LENGTH = 100;

/** Text from the file as a message shows it: on one line, in quotes, cut where it is long. */
export function quoted(text: string): string {
  const line = text
    .slice(0, QUOTED_LENGTH * 4)
    .replace(/\s+/g, " ")
    .trim();
  return JSON.stringify(line.length > QUOTED_LENGTH ? `${line.slice(0, QUOTED_LENGTH)}...` : line);
}

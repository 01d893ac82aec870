import { DatabaseError } from "pg";

/** The database cannot answer now; the same request may succeed later. The message is fit for a client. */
export class DatabaseUnavailable extends Error {
  override readonly name: string = "DatabaseUnavailable";
}

/** The database belongs to another copy, so nothing may be read from it or written to it. */
export class WrongCopy extends DatabaseUnavailable {
  override readonly name = "WrongCopy";
  constructor(expected: string, found: string | null) {
    const owner = found ? `belongs to copy "${found}"` : "carries no copy id";
    super(
      `COPY_ID is "${expected}", but the database that DATABASE_URL names ${owner}: ` +
        "point DATABASE_URL at this copy's own database",
    );
  }
}

/** The database is of an older version than this code. */
export class MigrationsMissing extends DatabaseUnavailable {
  override readonly name = "MigrationsMissing";
  constructor(names: readonly string[]) {
    super(`The database lacks the migrations ${names.join(", ")}: run \`rates migrate\`.`);
  }
}

/** A connection gave no answer within a limit, and was cut for it. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  constructor(readonly limit: number) {
    super(`no answer within ${limit} ms`);
  }
}

/** Told to whoever still waits on a connection that was cut because its neighbour was found dead. */
export class Distrusted extends Error {
  override readonly name = "Distrusted";
  constructor() {
    super("cut: another connection of the same age was dead");
  }
}

/**
 * SQLSTATE classes in which the server is not able or not willing to serve at all: 08 connection, 28 authorisation
 * (a password that is being rotated), 3D no such database (one that is being reset), 53 out of resources, 57 operator
 * intervention (shutdown, start-up, statement_timeout), 58 system error. Any other class is a fault of the statement.
 */
const UNAVAILABLE_CLASSES: ReadonlySet<string> = new Set(["08", "28", "3D", "53", "57", "58"]);

/** SQLSTATEs that come as the last word on a connection that the server ends: shutdown, crash of another backend. */
const LAST_WORDS: ReadonlySet<string> = new Set(["57P01", "57P02", "57P05"]);

/**
 * SQLSTATEs of a refused connection that another attempt may not meet: the database accepts none at the moment or is being
 * exchanged for another of its name (`copy reset`), the server is starting up or going down.
 */
const PASSING: ReadonlySet<string> = new Set(["55000", "3D000", "57P03"]);

/** Whether a connection was refused for a reason that passes by itself. */
export function isPassing(error: unknown): boolean {
  return error instanceof DatabaseError && PASSING.has(error.code ?? "");
}

/** Whether a connection was lost under a statement, so that a read may be asked again on a fresh one. */
export function isLost(error: unknown): boolean {
  if (error instanceof DatabaseError) return LAST_WORDS.has(error.code ?? "");
  return !(error instanceof NoAnswer || error instanceof DatabaseUnavailable || isBug(error));
}

/** The error to hand on: DatabaseUnavailable where waiting may help, otherwise the error itself. */
export function explained(error: unknown): unknown {
  if (error instanceof DatabaseUnavailable || isBug(error)) return error;
  if (!(error instanceof DatabaseError)) return new DatabaseUnavailable(reasonOf(error), { cause: error });
  return UNAVAILABLE_CLASSES.has((error.code ?? "").slice(0, 2))
    ? new DatabaseUnavailable(serverReasonOf(error), { cause: error })
    : error;
}

/** A connection fails with plain errors and system errors; these kinds come from a program that is wrong. */
function isBug(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError;
}

function reasonOf(error: unknown): string {
  if (error instanceof NoAnswer) return `The database gave no answer within ${error.limit} ms.`;
  return "The database cannot be reached.";
}

function serverReasonOf({ code }: DatabaseError): string {
  const reasons: Record<string, string> = {
    "57014": "The database took too long to answer.",
    "53300": "The database has no free connection.",
    "57P03": "The database is starting up or shutting down.",
  };
  return reasons[code ?? ""] ?? "The database refuses to serve.";
}

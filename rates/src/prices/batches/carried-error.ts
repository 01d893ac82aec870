import { DatabaseError } from "pg";
import { DatabaseUnavailable, MigrationsMissing, WrongCopy } from "../../platform/database/failure";
import { Problem, type ProblemDetails } from "../../platform/http/problem";

/** An error as data that can go from one thread to another, where the system itself would keep no class and no field. */
export type CarriedError = CarriedProblem | CarriedFailure;

interface CarriedProblem {
  readonly kind: "problem";
  readonly statusCode: number;
  readonly message: string;
  readonly details: Omit<ProblemDetails, "cause">;
  readonly cause: CarriedError | undefined;
}

interface CarriedFailure {
  readonly kind: "failure";
  readonly className: ClassName | undefined;
  readonly message: string;
  readonly stack: string | undefined;
  /** Its own fields, such as `code`, which the log shows. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly cause: CarriedError | undefined;
}

/** The classes that make a difference to the answer or to the log; a subclass stands before the class it extends. */
const CLASSES = { WrongCopy, MigrationsMissing, DatabaseUnavailable, DatabaseError, TypeError, RangeError };

type ClassName = keyof typeof CLASSES;

const CLASS_NAMES = Object.keys(CLASSES) as readonly ClassName[];

/** Makes data of whatever was thrown, with its causes. */
export function carried(error: unknown): CarriedError {
  if (error instanceof Problem) return carriedProblem(error);
  if (!(error instanceof Error)) return carried(new Error(String(error)));
  return {
    kind: "failure",
    className: CLASS_NAMES.find((name) => error instanceof CLASSES[name]),
    message: error.message,
    stack: error.stack,
    fields: fieldsOf(error),
    cause: causeOf(error),
  };
}

/** The error that was carried: it is answered and logged as if it had been thrown here. */
export function restored(error: CarriedError): Error {
  const cause = error.cause && restored(error.cause);
  if (error.kind === "problem") return new Problem(error.statusCode, error.message, { ...error.details, cause });
  const made = new Error(error.message, cause && { cause });
  if (error.className !== undefined) Object.setPrototypeOf(made, CLASSES[error.className].prototype);
  if (error.stack !== undefined) made.stack = error.stack;
  return Object.assign(made, error.fields);
}

function carriedProblem(problem: Problem): CarriedProblem {
  const { cause: _carriedBeside, ...details } = problem.details;
  const { statusCode, message } = problem;
  return { kind: "problem", statusCode, message, details, cause: causeOf(problem) };
}

function causeOf({ cause }: Error): CarriedError | undefined {
  return cause === undefined ? undefined : carried(cause);
}

/** What can be carried: an error may refer to sockets and functions, which cannot. */
function fieldsOf(error: Error): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(error).filter(([, value]) => ["string", "number", "boolean"].includes(typeof value)),
  );
}

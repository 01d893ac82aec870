import { AssertionError } from "node:assert";
import { DatabaseError } from "pg";
import { DatabaseUnavailable, explained, WrongCopy } from "../database/failure";

/** The queue cannot take or give messages now; nothing was claimed. The message is fit for a client. */
export class QueueUnavailable extends Error {
  override readonly name = "QueueUnavailable";
}

/** SQLSTATEs of a queue without what the library makes in it: its schema, tables, functions. */
const NOT_MADE: ReadonlySet<string> = new Set(["3F000", "42P01", "42883", "42704"]);

/** SQLSTATE of a second message taken from a queue that hands out one at a time. */
const TAKEN = "23505";

/** SQLSTATE of two that make a queue at once, or one that makes and one that uses another. */
const DEADLOCK = "40P01";

/** Whether the queue's database is another one than before: emptied by a reset, or made anew. */
export function isNotMade(error: unknown): boolean {
  return error instanceof DatabaseError && NOT_MADE.has(error.code ?? "");
}

/** Whether the server has undone a statement for the sake of another one; asked again, it works. */
export function isDeadlock(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === DEADLOCK;
}

/** Whether somebody else works on the one message that a queue hands out. */
export function isTaken(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === TAKEN;
}

/** The error to hand on: QueueUnavailable where waiting may help, otherwise the error itself. */
export function explainedOfQueue(error: unknown): unknown {
  // The library was called in a wrong way; the server has nothing to do with it.
  if (error instanceof AssertionError) return error;
  const known = explained(error);
  if (!(known instanceof DatabaseUnavailable)) return error;
  const reason = known instanceof WrongCopy ? "The queue belongs to another copy." : "The queue cannot be reached.";
  return new QueueUnavailable(reason, { cause: known });
}

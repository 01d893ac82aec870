import { DatabaseError } from "pg";

/** Whether an event's own values are what the server refused: classes 22 data, 23 constraint, 54 limits, and a trigger's word. */
export function isRefusal(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && /^(22|23|54|P0001)/.test(error.code ?? "");
}

/** Whether the same statement may succeed when it is sent once more: a deadlock, a serialisation failure. */
export function isCollision(error: unknown): boolean {
  return error instanceof DatabaseError && /^40/.test(error.code ?? "");
}

import { Problem } from "../../platform/http/problem";

/** A batch takes seconds, so a place is free soon. */
const RETRY_AFTER_S = "1";
/** Room on a disk is made by people. */
const RETRY_FULL_S = "60";

export function tooManyRows(limit: number): Problem {
  return new Problem(413, `A batch has at most ${limit} rows (BATCH_MAX_ROWS); send this one in parts.`, {
    kind: "batch-too-large",
  });
}

export function tooManyBytes(limit: number): Problem {
  const detail = `A batch has at most ${limit} bytes, decoded (BATCH_MAX_BYTES); send this one in parts.`;
  return new Problem(413, detail, { kind: "batch-too-large" });
}

export function tooManyBatches(limit: number): Problem {
  return new Problem(429, `At most ${limit} batches are taken at once (BATCH_MAX_CONCURRENT); send this one later.`, {
    kind: "too-many-batches",
    headers: { "Retry-After": RETRY_AFTER_S },
  });
}

export function tooSlow(limit: number): Problem {
  return new Problem(408, `The batch did not arrive within ${limit} ms (BATCH_TIMEOUT_MS); nothing of it was taken.`, {
    kind: "batch-timeout",
  });
}

export function loadTooSlow(limit: number, cause: unknown): Problem {
  const detail = `The database did not take the batch within ${limit} ms of its beginning (BATCH_TIMEOUT_MS).`;
  return new Problem(503, detail, { kind: "batch-timeout", headers: { "Retry-After": RETRY_AFTER_S }, cause });
}

/** The server has rolled the batch back. */
export function databaseFull(cause: unknown): Problem {
  const detail = "The disk of the database is full; nothing of the batch was taken. Send it again when there is room.";
  return new Problem(503, detail, { kind: "database-full", headers: { "Retry-After": RETRY_FULL_S }, cause });
}

/** Whether it was committed is known to the database alone; the key makes sending it again safe. */
export function threadLost(cause: unknown): Problem {
  const detail =
    "What took the batch ended before it could answer. Send it again: a batch that is in is not taken twice.";
  return new Problem(503, detail, { kind: "batch-interrupted", headers: { "Retry-After": RETRY_AFTER_S }, cause });
}

/** The same key is being worked on in this process. */
export function stillRunning(): Problem {
  return new Problem(409, "A batch with this Idempotency-Key is being taken; ask again when it has been answered.", {
    kind: "batch-running",
    headers: { "Retry-After": RETRY_AFTER_S },
  });
}

export function otherPayload(): Problem {
  const detail = "This Idempotency-Key is bound to another payload: send the same one again, or use a new key.";
  return new Problem(422, detail, { kind: "idempotency-key-reused" });
}

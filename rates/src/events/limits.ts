import { Problem } from "../platform/http/problem";

/** A commit takes milliseconds, so there is room again soon. */
const RETRY_AFTER_S = "1";

export function tooManyEvents(limit: number): Problem {
  return tooLarge(
    `A request has at most ${limit} events (EVENTS_MAX_PER_REQUEST); nothing of it was taken, send parts.`,
  );
}

export function tooManyBytes(limit: number): Problem {
  return tooLarge(`A request has at most ${limit} bytes (EVENTS_MAX_BYTES); nothing of it was taken, send parts.`);
}

function tooLarge(detail: string): Problem {
  return new Problem(413, detail, { kind: "events-too-large" });
}

export function tooManyWaiting(detail: string): Problem {
  return new Problem(429, `${detail}; nothing of this request was taken, send it again.`, {
    kind: "too-many-events",
    headers: { "Retry-After": RETRY_AFTER_S },
  });
}

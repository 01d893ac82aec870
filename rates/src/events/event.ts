/** What became of an event. Only processed ones are counted. */
export type EventStatus = "processed" | "rejected" | "failed";

/**
 * An event as it is stored, fixed at its acceptance: stored later, or twice, it is the same. It is plain data, so that it
 * can wait in a queue. Times are ISO text in UTC.
 */
export interface Event {
  readonly id: string;
  /** SHA-256 in hexadecimal digits of what makes it the same event when it is sent again. */
  readonly hash: string;
  /** What can be normalised is to be processed. */
  readonly status: "processed" | "rejected";
  /** Why it is rejected. */
  readonly reason: string | null;
  /** Null only where it is rejected. */
  readonly clientId: string | null;
  readonly metric: string;
  /** Exact decimal text; null only where it is rejected. */
  readonly amount: string | null;
  /** With microseconds at most. */
  readonly occurredAt: string;
  readonly receivedAt: string;
  /** JSON text. */
  readonly payload: string;
}

/** What became of one event of a request, in the order of the request. */
export interface Settled {
  /** Of the event that was stored, so of the first where this one is a duplicate. */
  readonly eventId: string;
  readonly status: EventStatus;
  readonly isDuplicate: boolean;
  readonly reason: string | null;
}

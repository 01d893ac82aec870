import { createHash } from "node:crypto";

/** One queue, as whoever publishes and whoever consumes know it. It is made with its first use. */
export interface QueueDefinition {
  /** Lower-case letters, digits and dashes. */
  readonly name: string;
  /**
   * Whether messages are handed out in the order in which they were published, to one process at a time. One that fails is
   * tried again before any later one, until it is parked.
   */
  readonly inOrder: boolean;
  /** How often a message may fail before it is parked. */
  readonly attempts: number;
}

/**
 * How long, in seconds, a message belongs to the process that took it. A process that lives renews it three times in that
 * time, so only a message of one that was killed or frozen is given to another, that much later: an in-order queue rests
 * as long. A process that is busy for longer without a pause has the message done twice.
 */
export const LEASE_SECONDS = 10;

/** Doubled with each failure of a message, in seconds: 1, 2, 4, 8, ... */
export const RETRY_DELAY_SECONDS = 1;

/** What the library is to make of it. In order means that the next one is the one that failed, so it waits in the consumer. */
export function libraryOptions({ inOrder, attempts }: QueueDefinition) {
  return {
    policy: inOrder ? ("singleton" as const) : ("standard" as const),
    retryLimit: attempts - 1,
    retryDelay: inOrder ? 0 : RETRY_DELAY_SECONDS,
    retryBackoff: !inOrder,
    expireInSeconds: LEASE_SECONDS,
  };
}

/** The id that all messages of one dedup key have, so that the primary key keeps a second one out. */
export function idOf(dedupKey: string): string {
  const digits = createHash("sha256").update(dedupKey).digest("hex");
  return digits.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

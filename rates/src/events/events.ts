import type { Config } from "../config";
import type { Queue } from "../platform/queue/queue";
import { EventIntake } from "./event-intake";
import { EventQueue } from "./event-queue";
import { EventStore } from "./event-store";
import { readFields } from "./fields";
import { normaliser } from "./normalise";

interface Surroundings {
  readonly config: Config;
  /** Where events wait in an outage of the database; without one they are refused meanwhile. */
  readonly queue: Queue | undefined;
  readonly onIdleError: (error: Error) => void;
}

/** The parts that take pushed events in. */
export interface Events {
  readonly store: EventStore;
  readonly intake: EventIntake;
  readonly spool: EventQueue | undefined;
}

/** Puts them together. Nothing is opened yet. */
export function createEvents({ config, queue, onIdleError }: Surroundings): Events {
  const store = new EventStore(config, onIdleError);
  const limits = { mostWaiting: config.EVENTS_MAX_WAITING, mostWaitingBytes: config.EVENTS_MAX_WAITING_BYTES };
  const spool =
    queue && new EventQueue({ queue, store, mostEvents: limits.mostWaiting, mostBytes: limits.mostWaitingBytes });
  const intake = new EventIntake({
    store,
    normalise: normaliser(readFields(config.EVENT_FIELDS_FILE)),
    spool,
    limits: { mostPerRequest: config.EVENTS_MAX_PER_REQUEST, ...limits },
  });
  return { store, intake, spool };
}

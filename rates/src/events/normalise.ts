import { storedPayload } from "../platform/values/payload";
import { shown } from "../platform/values/shown";
import { microsecondsOf, type TimeResult, timeOf } from "../platform/values/time";
import { type AmountResult, amountOf } from "./amount";
import type { Event } from "./event";
import { eventHash, rawHash } from "./event-hash";
import { compileFields, type Found, type FoundFields, isObject } from "./field-map";
import type { EventFields } from "./fields";
import { type LabelResult, labelOf } from "./label";
import type { RawEvent } from "./raw-events";

/** What an event gets by arriving. */
export interface Arrival {
  readonly id: string;
  readonly receivedAt: string;
  /** The request's Idempotency-Key, and which event of the request it is. */
  readonly key: string | undefined;
  readonly index: number;
}

export type Normalise = (raw: RawEvent, arrival: Arrival) => Event;

const UNKNOWN_METRIC = "unknown";

/** Makes the function that turns what a client sent into an event. It never throws: what it cannot read is rejected. */
export function normaliser(fields: EventFields): Normalise {
  const find = compileFields(fields);
  return (raw, arrival) => {
    const reading = isObject(raw.value)
      ? read(find(raw.value), fields)
      : { ...NOTHING, reasons: [`the event ${shown(raw.value)}, but must be an object`] };
    return eventOf(reading, raw, arrival);
  };
}

/** The values of an event as far as they can be read, and why the others cannot. */
interface Reading {
  readonly client: string | undefined;
  readonly metric: string | undefined;
  readonly amount: string | undefined;
  readonly time: string | undefined;
  readonly eventId: string | undefined;
  readonly reasons: readonly string[];
}

const NOTHING = { client: undefined, metric: undefined, amount: undefined, time: undefined, eventId: undefined };

function read(found: FoundFields, fields: EventFields): Reading {
  const client = found.client && labelOf(found.client);
  const metric = found.metric && labelOf(found.metric);
  const amount = found.amount && amountOf(found.amount.value);
  const time = found.timestamp && timeOf(found.timestamp.value);
  const eventId = found.eventId && labelOf(found.eventId);
  const reasons = [
    client === undefined ? missing("client", fields.client) : refusal(found.client, client),
    refusal(found.metric, metric),
    amount === undefined ? missing("amount", fields.amount) : refusal(found.amount, amount),
    refusal(found.timestamp, time),
    refusal(found.eventId, eventId),
  ].filter((reason) => reason !== undefined);
  return {
    client: labelIn(client),
    metric: labelIn(metric),
    amount: amount && "amount" in amount ? amount.amount : undefined,
    time: time && "iso" in time ? time.iso : undefined,
    eventId: labelIn(eventId),
    reasons,
  };
}

function labelIn(result: LabelResult | undefined): string | undefined {
  return result && "label" in result ? result.label : undefined;
}

function missing(what: string, names: readonly string[]): string {
  return `there is no ${what}: none of ${names.join(", ")} has a value`;
}

function refusal(found: Found | undefined, result: LabelResult | AmountResult | TimeResult | undefined) {
  return found && result && "reason" in result ? `${found.name} ${result.reason}` : undefined;
}

function eventOf(reading: Reading, raw: RawEvent, { id, receivedAt, key, index }: Arrival): Event {
  const { client: clientId = null, metric = UNKNOWN_METRIC, amount = null, time, eventId, reasons } = reading;
  const isWhole = clientId !== null && amount !== null && reasons.length === 0;
  const { text } = raw;
  return {
    id,
    hash: isWhole ? eventHash({ eventId, key, index, time, clientId, metric, amount, text }) : rawHash(text),
    status: isWhole ? "processed" : "rejected",
    reason: isWhole ? null : reasons.join("; "),
    clientId,
    metric,
    amount,
    occurredAt: time === undefined ? receivedAt : microsecondsOf(time),
    receivedAt,
    payload: storedPayload(raw),
  };
}

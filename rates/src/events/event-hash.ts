import { hash } from "node:crypto";
import { compact } from "../platform/values/json-scan";

/** What may make an event the same as an earlier one; the first of these that there is decides. */
export interface Identity {
  /** The client's own id of the event. */
  readonly eventId: string | undefined;
  /** The request's Idempotency-Key, and which event of the request it is. */
  readonly key: string | undefined;
  readonly index: number;
  /** As ISO text; undefined where the client sent none. */
  readonly time: string | undefined;
  readonly clientId: string;
  readonly metric: string;
  readonly amount: string;
  /** The JSON text that was sent. */
  readonly text: string;
}

/** The hash of an event that can be processed. A client's own ids are its own: another client's are other events. */
export function eventHash({ eventId, key, index, time, clientId, metric, amount, text }: Identity): string {
  if (eventId !== undefined) return sha256(`\0event\0${clientId}\0${eventId}`);
  if (key !== undefined) return sha256(`\0key\0${clientId}\0${key}\0${index}`);
  if (time === undefined) return rawHash(text);
  return sha256(`${escaped(clientId)}|${escaped(metric)}|${amount}|${time}`);
}

/** The hash of an event of which only its text is known. */
export function rawHash(text: string): string {
  return sha256(`\0raw\0${compact(text)}`);
}

/** Otherwise `a|b` of `c` would be the same as `a` of `b|c`, and one of the two would be lost. */
function escaped(text: string): string {
  return text.includes("|") || text.includes("\\") ? text.replace(/[|\\]/g, "\\$&") : text;
}

function sha256(text: string): string {
  return hash("sha256", text, "hex");
}

import type { PushJson } from "rates/testing/events";

/** What was recorded: events that are about to be sent, or an acknowledgement of them. */
export type EventEntry = { readonly client: string; readonly amounts: readonly number[] } & (
  | { readonly what: "sent" | "queued" }
  | { readonly what: "stored"; readonly results: PushJson["results"] }
  | { readonly what: "unexpected"; readonly answer: string }
);

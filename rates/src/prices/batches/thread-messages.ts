import type { MessagePort } from "node:worker_threads";
import type { Config } from "../../config";
import type { Outcome } from "./batch-taker";
import type { CarriedError } from "./carried-error";
import type { PayloadForm } from "./payload";

const ROLE = "batches";

/** What the thread is started with, and known by: it runs the same file as the process. */
export interface ThreadStart {
  readonly role: typeof ROLE;
  readonly config: Config;
}

export function threadStart(config: Config): ThreadStart {
  return { role: ROLE, config };
}

/** Whether a thread was started to take batches, by its `workerData`. */
export function isThreadStart(data: unknown): data is ThreadStart {
  return typeof data === "object" && data !== null && "role" in data && data.role === ROLE;
}

/** A batch as far as its headers tell. */
export interface BatchHead {
  readonly key: string;
  readonly payload: PayloadForm;
}

/** From the process to its thread. Everything else about a batch goes over the batch's own port. */
export type ToThread =
  | { readonly kind: "take"; readonly head: BatchHead; readonly port: MessagePort }
  | { readonly kind: "close" };

/** From the thread, about no batch in particular. */
export interface FromThread {
  readonly kind: "idle-error";
  readonly error: CarriedError;
}

/** To the thread, about one batch: its body. Pieces come only as far as they were asked for. */
export type ToTaking =
  | { readonly kind: "piece"; readonly bytes: Uint8Array }
  | { readonly kind: "end" }
  | { readonly kind: "hung-up" };

/** From the thread, about one batch: how many more pieces it can take, and at last how the batch ended. */
export type FromTaking =
  | { readonly kind: "more"; readonly pieces: number }
  | { readonly kind: "taken"; readonly outcome: Outcome }
  | { readonly kind: "refused"; readonly error: CarriedError };

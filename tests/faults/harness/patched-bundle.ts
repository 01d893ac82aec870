import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../../support/folder";

/** A text of the built service and what stands in its place. */
export interface Patch {
  readonly from: string;
  readonly to: string;
}

/** A built service with changes, in a folder of its own; `using` removes it. */
export interface PatchedBundle extends Disposable {
  readonly file: string;
}

/**
 * Changes a built service, for what is not to be in its source.
 * @throws Error where a text is not there exactly once: the source has changed, and the patch has to follow it
 */
export function patchedBundle(bundle: string, patches: readonly Patch[]): PatchedBundle {
  const folder = temporaryFolder("rates-patched-");
  const file = join(folder.path, "rates.js");
  writeFileSync(file, patches.reduce(patched, readFileSync(bundle, "utf8")));
  return { file, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

function patched(code: string, { from, to }: Patch): string {
  const parts = code.split(from);
  if (parts.length !== 2) {
    throw new Error(`a patch does not apply: the service has this ${parts.length - 1} times, not once: ${from}`);
  }
  return parts.join(to);
}

/**
 * What the service waits for by the clock, shortened, so that a run takes a second: whoever starts looks into the queue at
 * once, a killed process' message is handed on after one second, and an outage's end is seen within a fifth.
 */
export const SHORT_CLOCK: readonly Patch[] = [
  { from: "var FIRST_LOOK_MS = 5e3;", to: "var FIRST_LOOK_MS = 50;" },
  { from: "var LEASE_SECONDS = 10;", to: "var LEASE_SECONDS = 1;" },
  { from: "var EXPIRE_EVERY_MS = 1e3;", to: "var EXPIRE_EVERY_MS = 100;" },
  { from: "var POLL_MS = 1e3;", to: "var POLL_MS = 100;" },
  { from: "var RECONNECT_PAUSE_MS = 500;", to: "var RECONNECT_PAUSE_MS = 50;" },
  { from: "var HOLD = { first: 50, longest: 2e3 };", to: "var HOLD = { first: 20, longest: 200 };" },
];

/** Limits of the service that fit the short clock. */
export const SHORT_LIMITS = { DATABASE_CONNECT_TIMEOUT_MS: "500", DATABASE_QUERY_TIMEOUT_MS: "500" };

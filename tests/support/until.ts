import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 20;

/**
 * Waits until `look` finds something.
 * @param what what is waited for, named when it does not come
 * @throws Error naming it, and the last error of `look`, after `limitMs`
 */
export async function until<T>(what: string, look: () => Promise<T | undefined | false>, limitMs = 30_000): Promise<T> {
  const deadline = Date.now() + limitMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`waited ${limitMs} ms for ${what}`, { cause: last });
    await delay(POLL_MS);
  }
}

import { setTimeout as delay } from "node:timers/promises";

/** One probe may have been answered while the name was still being resolved; after two the proxy has a place for it. */
const PROBES = 2;
/** A proxy that probes every 200 ms has asked 25 times by then; one that is gone must not hold a drain up. */
const DRAIN_LIMIT_MS = 5_000;
/** What the proxy sent before it read the last answer is under way no longer than this (measured with room to spare). */
const IN_FLIGHT_MS = 150;
const POLL_MS = 10;

/**
 * What the proxy in front of this process knows of it, told by the probes that were answered: health alone does not say
 * that the proxy has resolved this process's name yet.
 */
export class Probes {
  #serving = 0;
  #draining = 0;

  /** Counts one probe, by what it was answered with. One that came too early is told to nobody. */
  answered({ isServing, isDraining }: { isServing: boolean; isDraining: boolean }): void {
    if (isServing) this.#serving += 1;
    if (isDraining) this.#draining += 1;
  }

  /** Whether the proxy sends requests here. Once true it stays: a later outage of the proxy makes nobody unhealthy. */
  get isKnown(): boolean {
    return this.#serving >= PROBES;
  }

  /** Resolves when the proxy has heard that this process drains, and what it sent before has arrived. */
  async untilProxyHeardOfDrain(): Promise<void> {
    const deadline = performance.now() + DRAIN_LIMIT_MS;
    while (this.#draining < PROBES && performance.now() < deadline) await delay(POLL_MS);
    await delay(IN_FLIGHT_MS);
  }
}

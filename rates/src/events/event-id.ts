import { randomBytes } from "node:crypto";

/** Random bytes are drawn for this many ids at once: one by one they cost more than everything else of an id. */
const IDS_AT_ONCE = 512;
const RANDOM_BYTES = 8;

/**
 * Ids of events, UUIDs of version 7: time in ms, then a counter in place of the first random bits, so that ids of one
 * process ascend in the order of arrival. Made at acceptance, not by the database: an event that waits, or whose commit
 * is repeated because nobody knows how it ended, keeps its id.
 */
export class EventIds {
  #ms = 0;
  #counter = 0;
  #random = Buffer.alloc(0);

  next(now = Date.now()): string {
    if (now > this.#ms) [this.#ms, this.#counter] = [now, 0];
    else this.#counter += 1;
    // The counter has 12 bits; the next ms is borrowed where they do not do.
    if (this.#counter > 0xfff) [this.#ms, this.#counter] = [this.#ms + 1, 0];
    const time = this.#ms.toString(16).padStart(12, "0");
    const counter = this.#counter.toString(16).padStart(3, "0");
    const random = this.#draw();
    random[0] = ((random[0] ?? 0) & 0x3f) | 0x80;
    const rest = random.toString("hex");
    return `${time.slice(0, 8)}-${time.slice(8)}-7${counter}-${rest.slice(0, 4)}-${rest.slice(4)}`;
  }

  #draw(): Buffer {
    if (this.#random.length === 0) this.#random = randomBytes(IDS_AT_ONCE * RANDOM_BYTES);
    const drawn = this.#random.subarray(0, RANDOM_BYTES);
    this.#random = this.#random.subarray(RANDOM_BYTES);
    return drawn;
  }
}

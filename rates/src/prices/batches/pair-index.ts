/** Slots for each entry at most half full: probes stay short whatever the keys are. */
const LEAST_SLOTS = 512;

/**
 * Numbers pairs of 32-bit integers in the order of their first appearance: 0, 1, 2 and so on. Open addressing over
 * typed arrays, because a Map of combined keys costs five times as much per row.
 */
export class PairIndex {
  #firsts = new Int32Array(LEAST_SLOTS / 2);
  #seconds = new Int32Array(LEAST_SLOTS / 2);
  /** Number of the entry plus one; 0 is free. */
  #slots = new Int32Array(LEAST_SLOTS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  first(index: number): number {
    return this.#firsts[index] ?? 0;
  }

  second(index: number): number {
    return this.#seconds[index] ?? 0;
  }

  /** @returns the number of a pair, or -1 when it was never added */
  find(first: number, second: number): number {
    return (this.#slots[this.#slotOf(first, second)] as number) - 1;
  }

  /** @returns the number of a pair, a new one where it is new */
  add(first: number, second: number): number {
    const slot = this.#slotOf(first, second);
    const found = this.#slots[slot] as number;
    return found > 0 ? found - 1 : this.#insert(slot, { first, second });
  }

  #insert(slot: number, { first, second }: { first: number; second: number }): number {
    const index = this.#size;
    this.#firsts[index] = first;
    this.#seconds[index] = second;
    this.#size += 1;
    this.#slots[slot] = this.#size;
    if (this.#size === this.#firsts.length) this.#grow();
    return index;
  }

  /** The slot that holds a pair, or the free one where it belongs. */
  #slotOf(first: number, second: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const mixed = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
    let slot = (mixed ^ (mixed >>> 15)) & mask;
    for (;;) {
      const index = (slots[slot] as number) - 1;
      if (index < 0 || (this.#firsts[index] === first && this.#seconds[index] === second)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    this.#firsts = doubled(this.#firsts);
    this.#seconds = doubled(this.#seconds);
    this.#slots = new Int32Array(this.#slots.length * 2);
    for (let index = 0; index < this.#size; index += 1) {
      this.#slots[this.#slotOf(this.first(index), this.second(index))] = index + 1;
    }
  }
}

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}

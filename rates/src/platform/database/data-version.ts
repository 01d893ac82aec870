/**
 * The version of the data, as far as this process knows: the number that every committed batch raises by one. What is
 * derived from the data and kept is dropped when it changes.
 */
export class DataVersion {
  #newest = 0;
  readonly #onChange: (() => void)[] = [];

  /** The newest version that is known to be committed. */
  get newest(): number {
    return this.#newest;
  }

  /** Calls back at every change, before the new version can be seen here. */
  onChange(callback: () => void): void {
    this.#onChange.push(callback);
  }

  /** Takes a committed version into account: from a notification, an answer, or a batch of this process's own. */
  note(version: number): void {
    if (version > this.#newest) this.#set(version);
  }

  /**
   * Takes the word of a statement that was begun when `before` was the newest version. A lower one means that the
   * database itself was replaced (reset, restored), because what is committed stays visible.
   */
  take(version: number, before: number): void {
    if (version < before) this.#set(version);
    else this.note(version);
  }

  /** Drops what is kept though the version may be the same: something may have been missed. */
  renew(): void {
    this.#set(this.#newest);
  }

  #set(version: number): void {
    for (const callback of this.#onChange) callback();
    this.#newest = version;
  }
}

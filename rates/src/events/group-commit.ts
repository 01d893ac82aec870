import { DatabaseUnavailable } from "../platform/database/failure";
import { QueueUnavailable } from "../platform/queue/failure";
import type { Event } from "./event";
import { tooManyWaiting } from "./limits";

export interface GroupCommitOptions<Outcome> {
  /** Stores events in one transaction; each may be given to it more than once. */
  readonly store: (events: readonly Event[]) => Promise<readonly Outcome[]>;
  /** Most events, and most characters of their payloads, that wait or are being committed. */
  readonly mostEvents: number;
  readonly mostBytes: number;
}

interface Submission<Outcome> {
  readonly events: readonly Event[];
  readonly bytes: number;
  readonly resolve: (outcomes: readonly Outcome[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A group is closed at this many events: 100 ms of work for the database, which whoever comes next has to wait for. A
 * larger request is a group of its own.
 */
const GROUP_EVENTS = 2_000;
const GROUP_BYTES = 4_000_000;

/**
 * One commit for all requests that arrive while another is under way: the disk is waited for once a group, not once a
 * request. Each is answered after the commit that holds it.
 */
export class GroupCommit<Outcome> {
  readonly #options: GroupCommitOptions<Outcome>;
  #waiting: Submission<Outcome>[] = [];
  #events = 0;
  #bytes = 0;
  #isRunning = false;

  constructor(options: GroupCommitOptions<Outcome>) {
    this.#options = options;
  }

  /**
   * Stores events together with those of other requests.
   * @returns what became of each, in the same order, once it is durable
   * @throws {Problem} 429 when too many wait, and what `store` throws
   */
  submit(events: readonly Event[]): Promise<readonly Outcome[]> {
    const bytes = events.reduce((sum, { payload }) => sum + payload.length, 0);
    this.#admit(events.length, bytes);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ events, bytes, resolve, reject });
      if (this.#isRunning) return;
      this.#isRunning = true;
      // After everything that this turn of the event loop has read.
      setImmediate(() => this.#run());
    });
  }

  /** Whatever its size, a request that waits for nobody is taken. */
  #admit(events: number, bytes: number): void {
    const { mostEvents, mostBytes } = this.#options;
    if (this.#events > 0 && this.#events + events > mostEvents) {
      throw tooManyWaiting(`${this.#events} events wait already, of at most ${mostEvents} (EVENTS_MAX_WAITING)`);
    }
    if (this.#bytes > 0 && this.#bytes + bytes > mostBytes) {
      throw tooManyWaiting(`${this.#bytes} bytes wait already, of at most ${mostBytes} (EVENTS_MAX_WAITING_BYTES)`);
    }
    this.#events += events;
    this.#bytes += bytes;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#nextGroup();
      await this.#commit(group);
      this.#release(group);
    }
    this.#isRunning = false;
  }

  #nextGroup(): Submission<Outcome>[] {
    let [count, events, bytes] = [0, 0, 0];
    for (const submission of this.#waiting) {
      events += submission.events.length;
      bytes += submission.bytes;
      if (count > 0 && (events > GROUP_EVENTS || bytes > GROUP_BYTES)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #commit(group: readonly Submission<Outcome>[]): Promise<void> {
    try {
      const settled = await this.#options.store(group.flatMap(({ events }) => events));
      let start = 0;
      for (const { events, resolve } of group) {
        resolve(settled.slice(start, start + events.length));
        start += events.length;
      }
    } catch (error) {
      if (error instanceof DatabaseUnavailable || error instanceof QueueUnavailable) this.#giveUp(group, error);
      else if (group.length === 1) group[0]?.reject(error);
      // Nobody knows whose fault it is, so each request is tried by itself.
      else for (const submission of group) await this.#commit([submission]);
    }
  }

  /** Those that wait would only meet the same outage, one after another. */
  #giveUp(group: readonly Submission<Outcome>[], error: Error): void {
    const others = this.#waiting;
    this.#waiting = [];
    for (const { reject } of [...group, ...others]) reject(error);
    this.#release(others);
  }

  #release(submissions: readonly Submission<Outcome>[]): void {
    for (const { events, bytes } of submissions) {
      this.#events -= events.length;
      this.#bytes -= bytes;
    }
  }
}

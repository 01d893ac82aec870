import type { ConnectionPool, Loan } from "./connection-pool";

/**
 * Connections over which quick reads are spread. Of 16 clients on 2 cores, one connection answered 7,600 reads a second,
 * two 11,300, four 10,400, and ten with one read at a time 7,200 (docs/decisions/010).
 */
const CONNECTIONS = 2;

/** A connection without an answer for this long, in ms, is busy with something slow: nothing more is sent there. */
const PATIENCE_MS = 20;

/** A loan that several reads use at once. */
interface SharedLoan {
  readonly loan: Promise<Loan>;
  inFlight: number;
  /** Monotonic ms at which it was taken, or last answered. */
  progress: number;
  /** Whether a statement failed on it; then it is not used again. */
  isSpoiled: boolean;
}

/**
 * Lets reads share connections: each is sent at once, behind those whose answers are still under way, and every answer
 * costs one wake-up less of this process and of the server's.
 */
export class SharedLoans {
  readonly #pool: ConnectionPool;
  readonly #depth: number;
  readonly #connections: number;
  readonly #open = new Set<SharedLoan>();

  /** @param depth most reads in flight on one connection; with 1 nothing is shared */
  constructor(pool: ConnectionPool, { depth, most }: { depth: number; most: number }) {
    this.#pool = pool;
    this.#depth = depth;
    this.#connections = Math.min(CONNECTIONS, most);
  }

  /** Runs one read on a connection that others use as well. Throws what lending and the read throw. */
  async run<Result>(read: (loan: Loan) => Promise<Result>): Promise<Result> {
    const shared = this.#join() ?? this.#take();
    shared.inFlight += 1;
    try {
      const result = await read(await shared.loan);
      shared.progress = performance.now();
      return result;
    } catch (error) {
      shared.isSpoiled = true;
      this.#open.delete(shared);
      throw error;
    } finally {
      shared.inFlight -= 1;
      if (shared.inFlight === 0) await this.#giveBack(shared);
    }
  }

  /** The open loan with the fewest reads, once there are as many as are good. */
  #join(): SharedLoan | undefined {
    const oldest = performance.now() - PATIENCE_MS;
    const usable = [...this.#open].filter(({ inFlight, progress }) => inFlight < this.#depth && progress > oldest);
    if (usable.length < this.#connections) return undefined;
    return usable.reduce((least, each) => (each.inFlight < least.inFlight ? each : least));
  }

  #take(): SharedLoan {
    const shared = { loan: this.#pool.lend(), inFlight: 0, progress: performance.now(), isSpoiled: false };
    this.#open.add(shared);
    return shared;
  }

  async #giveBack(shared: SharedLoan): Promise<void> {
    this.#open.delete(shared);
    const loan = await shared.loan.catch(() => undefined);
    if (loan === undefined) return;
    // Also after a mere SQL error: it is rare, and a new connection is known to be in order.
    if (shared.isSpoiled) this.#pool.discard(loan);
    else this.#pool.restore(loan);
  }
}

import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import lockfile from "proper-lockfile";
import type { Checkout } from "./checkout";
import { locksDirectory } from "./names";
import { Problem } from "./problem";
import { identifyProcess, isAlive, type ProcessIdentity } from "./process-identity";
import { writeFileAtomically } from "./registry";

/** Who holds a lock: shown to whoever is refused. */
export interface LockHolder extends ProcessIdentity {
  /** The command, for example `up dev`. */
  readonly purpose: string;
  /** ISO 8601, UTC. */
  readonly since: string;
}

export interface LockOptions {
  readonly purpose: string;
  /** How long to wait for another holder, in ms; 0 refuses at once. */
  readonly waitMs?: number;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
  /** Told once, when another holder has to be waited for. */
  readonly onWait?: (holder: LockHolder) => void;
}

/** What is locked, and where the file lies that says who holds it. */
export interface LockPlace {
  readonly directory: string;
  readonly name: string;
  /** As whoever is refused reads it, for example `Copy "dev"`. */
  readonly title: string;
}

/** Often enough that a wait feels immediate, rarely enough to cost nothing. */
const RETRY_MS = 50;

/**
 * The guard is held for the few file operations of `tryTake` and `release` only, so 5 s without a sign of life (its
 * holder was killed in exactly those) is plenty, and 10 s of retries outlast it.
 */
const GUARD = { stale: 5_000, retries: { retries: 200, minTimeout: 10, maxTimeout: 50, factor: 1.2 }, realpath: false };

/**
 * Holds the lock of a copy until it is disposed.
 * @throws Problem naming the holder, when the lock is still held after `waitMs`.
 */
export function holdLock(checkout: Checkout, name: string, options: LockOptions): Promise<AsyncDisposable> {
  return holdLockAt({ directory: locksDirectory(checkout), name, title: `Copy "${name}"` }, options);
}

/**
 * Holds any lock until it is disposed. The holder is recorded with its pid and start time, so the lock of a killed
 * command is free at once, without waiting for a time-out and without a guess.
 * @throws Problem naming the holder, when the lock is still held after `waitMs`; the signal's reason when it fires
 */
export async function holdLockAt(place: LockPlace, options: LockOptions): Promise<AsyncDisposable> {
  const deadline = Date.now() + (options.waitMs ?? 0);
  for (let waited = false; ; waited = true) {
    options.signal?.throwIfAborted();
    const holder = await tryTake(place, options.purpose);
    if (!holder) return { [Symbol.asyncDispose]: () => release(place) };
    if (Date.now() >= deadline) throw heldBy(place, holder);
    if (!waited) options.onWait?.(holder);
    await delay(RETRY_MS);
  }
}

/** @returns the live holder of a copy's lock, for a listing; it may be gone the moment after. */
export function lockHolder(checkout: Checkout, name: string): LockHolder | undefined {
  return liveHolder(join(locksDirectory(checkout), `${name}.json`));
}

/** Runs `work` while no other command of this checkout is between these two lines: for the port ledger. */
export function withGuard<T>(checkout: Checkout, work: () => T | Promise<T>): Promise<T> {
  return guarded(locksDirectory(checkout), work);
}

/** Runs `work` while nobody else runs work guarded by the same folder. */
export async function guarded<T>(directory: string, work: () => T | Promise<T>): Promise<T> {
  mkdirSync(directory, { recursive: true });
  const unlock = await lockfile.lock(directory, { ...GUARD, lockfilePath: join(directory, "guard") });
  try {
    return await work();
  } finally {
    await unlock();
  }
}

/** @returns the live holder, or undefined when the lock is now ours. */
async function tryTake(place: LockPlace, purpose: string): Promise<LockHolder | undefined> {
  return guarded(place.directory, () => {
    const holder = liveHolder(holderFile(place));
    if (holder) return holder;
    const self = identifyProcess(process.pid);
    if (!self) throw new Error("this process cannot find itself in the process table");
    const mine: LockHolder = { ...self, purpose, since: new Date().toISOString() };
    writeFileAtomically(holderFile(place), JSON.stringify(mine));
    return undefined;
  });
}

async function release(place: LockPlace): Promise<void> {
  if (!existsSync(place.directory)) return;
  await guarded(place.directory, () => rmSync(holderFile(place), { force: true }));
}

function holderFile({ directory, name }: LockPlace): string {
  return join(directory, `${name}.json`);
}

function liveHolder(file: string): LockHolder | undefined {
  const holder = readHolder(file);
  return holder && isAlive(holder) ? holder : undefined;
}

function readHolder(file: string): LockHolder | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as LockHolder;
  } catch {
    return undefined; // free: written whole or not at all
  }
}

function heldBy({ title }: LockPlace, holder: LockHolder): Problem {
  return new Problem(
    `${title} is being worked on by "copy ${holder.purpose}" (pid ${holder.pid}, since ${holder.since}). ` +
      "Wait until it has ended, then try again.",
  );
}

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
}

/** Often enough that a wait feels immediate, rarely enough to cost nothing. */
const RETRY_MS = 50;

/**
 * The guard is held for the few file operations of `tryTake` and `release` only, so 5 s without a sign of life (its
 * holder was killed in exactly those) is plenty, and 10 s of retries outlast it.
 */
const GUARD = { stale: 5_000, retries: { retries: 200, minTimeout: 10, maxTimeout: 50, factor: 1.2 }, realpath: false };

/**
 * Holds the lock `name` until it is disposed. The holder is recorded with its pid and start time, so the lock of a
 * killed command is free at once, without waiting for a time-out and without a guess.
 * @throws Problem naming the holder, when the lock is still held after `waitMs`.
 */
export async function holdLock(checkout: Checkout, name: string, options: LockOptions): Promise<AsyncDisposable> {
  const deadline = Date.now() + (options.waitMs ?? 0);
  for (;;) {
    const holder = await tryTake(checkout, name, options.purpose);
    if (!holder) return { [Symbol.asyncDispose]: () => release(checkout, name) };
    if (Date.now() >= deadline) throw heldBy(name, holder);
    await delay(RETRY_MS);
  }
}

/** @returns the live holder of a lock, for a listing; it may be gone the moment after. */
export function lockHolder(checkout: Checkout, name: string): LockHolder | undefined {
  const holder = readHolder(holderFile(checkout, name));
  return holder && isAlive(holder) ? holder : undefined;
}

/** Runs `work` while no other command of this checkout is between these two lines: for the port ledger. */
export async function withGuard<T>(checkout: Checkout, work: () => T | Promise<T>): Promise<T> {
  const directory = locksDirectory(checkout);
  mkdirSync(directory, { recursive: true });
  const unlock = await lockfile.lock(directory, { ...GUARD, lockfilePath: join(directory, "guard") });
  try {
    return await work();
  } finally {
    await unlock();
  }
}

/** @returns the live holder, or undefined when the lock is now ours. */
async function tryTake(checkout: Checkout, name: string, purpose: string): Promise<LockHolder | undefined> {
  return withGuard(checkout, () => {
    const holder = lockHolder(checkout, name);
    if (holder) return holder;
    const self = identifyProcess(process.pid);
    if (!self) throw new Error("this process cannot find itself in the process table");
    const mine: LockHolder = { ...self, purpose, since: new Date().toISOString() };
    writeFileAtomically(holderFile(checkout, name), JSON.stringify(mine));
    return undefined;
  });
}

async function release(checkout: Checkout, name: string): Promise<void> {
  if (!existsSync(locksDirectory(checkout))) return;
  await withGuard(checkout, () => rmSync(holderFile(checkout, name), { force: true }));
}

function holderFile(checkout: Checkout, name: string): string {
  return join(locksDirectory(checkout), `${name}.json`);
}

function readHolder(file: string): LockHolder | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as LockHolder;
  } catch {
    return undefined; // free: written whole or not at all
  }
}

function heldBy(name: string, holder: LockHolder): Problem {
  return new Problem(
    `Copy "${name}" is being worked on by "copy ${holder.purpose}" (pid ${holder.pid}, since ${holder.since}). ` +
      "Wait until it has ended, then try again.",
  );
}

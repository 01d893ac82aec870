import { once } from "node:events";
import { closeSync, existsSync, openSync, readSync, statSync, watch } from "node:fs";
import { findCheckout } from "../copies/checkout";
import { copyOf } from "../copies/copy";
import { tailOf } from "../copies/log-tail";
import { Problem } from "../copies/problem";
import { requireRecord } from "../copies/registry";
import { runtimeOf } from "../runtimes/choice";
import { LOG_ROLES, type LogRole } from "../runtimes/runtime";
import { interruption } from "./interruption";

export interface LogsOptions {
  readonly role: string;
  readonly lines: number;
  readonly follow: boolean;
}

/** `copy logs NAME`: the end of a log, and with `--follow` what comes after it. */
export async function logs(name: string, options: LogsOptions): Promise<void> {
  const checkout = findCheckout();
  const copy = copyOf(checkout, requireRecord(checkout, name));
  if (!isLogRole(options.role)) {
    throw new Problem(`There is no log of "${options.role}". There is: ${LOG_ROLES.join(", ")}.`);
  }
  const file = runtimeOf(copy.record).logFile(copy, options.role);
  console.log(tailOf(file, options.lines));
  if (options.follow && existsSync(file)) await follow(file);
}

function isLogRole(role: string): role is LogRole {
  return LOG_ROLES.some((known) => known === role);
}

async function follow(file: string): Promise<void> {
  using interrupted = interruption();
  let position = statSync(file).size;
  using _watcher = watchFile(file, () => {
    position = copyFrom(file, position);
  });
  // Ctrl-C ends it, and so does a reader that has gone away.
  await Promise.race([once(interrupted.signal, "abort"), once(process.stdout, "close")]);
}

function watchFile(file: string, onChange: () => void): Disposable {
  const watcher = watch(file, onChange);
  return { [Symbol.dispose]: () => watcher.close() };
}

/** Prints the file from `position` on. @returns its new end. */
function copyFrom(file: string, position: number): number {
  const { size } = statSync(file);
  if (size <= position) return size;
  const buffer = Buffer.alloc(size - position);
  const descriptor = openSync(file, "r");
  const read = readSync(descriptor, buffer, 0, buffer.length, position);
  closeSync(descriptor);
  process.stdout.write(buffer.subarray(0, read));
  return position + read;
}

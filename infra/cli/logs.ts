import { findCheckout } from "../copies/checkout";
import { copyOf } from "../copies/copy";
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

/** `copy logs NAME`: the end of a log, and with `--follow` what comes after it, until Ctrl-C or a reader that leaves. */
export async function logs(name: string, { role, lines, follow }: LogsOptions): Promise<void> {
  const checkout = findCheckout();
  const copy = copyOf(checkout, requireRecord(checkout, name));
  if (!isLogRole(role)) throw new Problem(`There is no log of "${role}". There is: ${LOG_ROLES.join(", ")}.`);
  using interrupted = interruption();
  const left = new AbortController();
  process.stdout.once("close", () => left.abort());
  const until = AbortSignal.any([interrupted.signal, left.signal]);
  await runtimeOf(copy.record).logs(copy, { role, lines, ...(follow ? { follow: until } : {}) });
}

function isLogRole(role: string): role is LogRole {
  return LOG_ROLES.some((known) => known === role);
}

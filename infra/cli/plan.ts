import { findCheckout } from "../copies/checkout";
import { copyOf } from "../copies/copy";
import { readRecord } from "../copies/registry";
import { runtimeOf } from "../runtimes/choice";
import { interruption } from "./interruption";

/** As `terraform plan -detailed-exitcode` ends: 0 nothing would change, 2 something would, 1 an error. */
const CHANGES_EXIT_CODE = 2;

/** `copy plan NAME`: what `up` would change, without changing it. */
export async function plan(name: string, options: { readonly json: boolean }): Promise<void> {
  const checkout = findCheckout();
  using interrupted = interruption();
  const record = readRecord(checkout, name);
  const changes = record
    ? await runtimeOf(record).plan(copyOf(checkout, record), interrupted.signal)
    : [`bring copy "${name}" to life`];
  if (options.json) console.log(JSON.stringify(changes, null, 2));
  else
    console.log(changes.length > 0 ? changes.join("\n") : `Copy "${name}" is as it should be: nothing would change.`);
  if (changes.length > 0) process.exitCode = CHANGES_EXIT_CODE;
}

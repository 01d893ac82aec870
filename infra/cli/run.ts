import { findCheckout } from "../copies/checkout";
import { refuseForeignDatabase } from "../copies/connection";
import { copyOf } from "../copies/copy";
import { requireRecord } from "../copies/registry";
import { runtimeOf } from "../runtimes/choice";

/** `copy run NAME -- COMMAND`: runs a job inside the copy; its exit code is ours. */
export async function run(name: string, command: readonly string[]): Promise<void> {
  const checkout = findCheckout();
  const record = requireRecord(checkout, name);
  const [copy, runtime] = [copyOf(checkout, record), runtimeOf(record)];
  await refuseForeignDatabase(copy, await runtime.database(copy));
  process.exitCode = await runtime.run(copy, command);
}

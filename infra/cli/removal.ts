import type { Checkout } from "../copies/checkout";
import { ledgerOwner } from "../copies/copy";
import { removeUnusedSubsets } from "../copies/dump-source";
import { releaseAll } from "../copies/ledger";
import { ALL_RUNTIMES } from "../runtimes/choice";
import type { Runtime } from "../runtimes/runtime";

/**
 * Removes a copy and gives back its ports and subnet. Under the copy's lock: a moment after it, the next `up` of that name
 * may have been promised others, which are not to be given back.
 */
export async function removeCopy(checkout: Checkout, name: string, runtime: Runtime): Promise<void> {
  await runtime.remove(checkout, name);
  await releaseAll(ledgerOwner(checkout, name).file);
}

/** Removes what was kept for the next copy and no copy uses now. @returns a line for each thing removed */
export async function removeUnused(checkout: Checkout): Promise<string[]> {
  const removed = removeUnusedSubsets(checkout);
  for (const runtime of ALL_RUNTIMES) removed.push(...(await runtime.removeUnused(checkout)));
  return removed;
}

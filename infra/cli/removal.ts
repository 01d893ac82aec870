import type { Checkout } from "../copies/checkout";
import { ledgerOwner } from "../copies/copy";
import { releaseAll } from "../copies/ledger";
import type { Runtime } from "../runtimes/runtime";

/**
 * Removes a copy and gives back its ports and subnet. Under the copy's lock: a moment after it, the next `up` of that name
 * may have been promised others, which are not to be given back.
 */
export async function removeCopy(checkout: Checkout, name: string, runtime: Runtime): Promise<void> {
  await runtime.remove(checkout, name);
  await releaseAll(ledgerOwner(checkout, name).file);
}

import { existsSync } from "node:fs";
import { type Checkout, findCheckout } from "../copies/checkout";
import { holdLock } from "../copies/lock";
import { checkCopyName, copyPaths } from "../copies/names";
import { readRecord, removeEmptyFolders, requireRecord, writeRecord } from "../copies/registry";
import { ALL_RUNTIMES, runtimeOf } from "../runtimes/choice";
import type { Runtime } from "../runtimes/runtime";
import { removeCopy } from "./removal";
import { runStages } from "./steps";

/** `copy down NAME`: removes the copy with its data. Also one whose record cannot be read or that was cut short. */
export async function down(name: string): Promise<void> {
  const checkout = findCheckout();
  checkCopyName(name);
  if (!existsSync(copyPaths(checkout, name).directory)) requireRecord(checkout, name);
  await removeUnderLock(checkout, name);
  removeEmptyFolders(checkout);
  console.log(`Copy "${name}" is gone, with its data.`);
}

async function removeUnderLock(checkout: Checkout, name: string): Promise<void> {
  await using _lock = await holdLock(checkout, name, { purpose: `down ${name}` });
  const runtimes = beginRemoval(checkout, name);
  const step = (runtime: Runtime) => ({
    title: `Remove copy "${name}"`,
    run: async () => {
      await removeCopy(checkout, name, runtime);
      return runtime.name;
    },
  });
  await runStages(runtimes.map((runtime) => [step(runtime)]));
}

/** @returns the copy's runtime, or all of them where its record does not say. */
function beginRemoval(checkout: Checkout, name: string): readonly Runtime[] {
  try {
    const record = readRecord(checkout, name);
    if (!record) return ALL_RUNTIMES;
    writeRecord(checkout, { ...record, intent: "removal" });
    return [runtimeOf(record)];
  } catch (error) {
    console.log(error instanceof Error ? error.message : String(error));
    return ALL_RUNTIMES;
  }
}

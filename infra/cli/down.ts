import { existsSync } from "node:fs";
import { type Checkout, findCheckout } from "../copies/checkout";
import { holdLock } from "../copies/lock";
import { checkCopyName, copyPaths } from "../copies/names";
import { Problem } from "../copies/problem";
import {
  type CopyRecord,
  listRecords,
  readRecord,
  removeEmptyFolders,
  requireRecord,
  writeRecord,
} from "../copies/registry";
import { ALL_RUNTIMES, runtimeOf } from "../runtimes/choice";
import type { Runtime } from "../runtimes/runtime";
import { eachCopy } from "./each-copy";
import { removeCopy, removeUnused } from "./removal";
import { runStages, type ShowStages } from "./steps";

/** `copy down NAME...`: removes copies with their data. Also one whose record cannot be read or that was cut short. */
export async function down(names: readonly string[]): Promise<void> {
  const checkout = findCheckout();
  for (const name of names) {
    checkCopyName(name);
    if (!existsSync(copyPaths(checkout, name).directory)) requireRecord(checkout, name);
  }
  await removeAll(checkout, names);
  removeEmptyFolders(checkout);
}

/** `copy down-all --confirm`: removes every copy of this checkout, and what only they used. */
export async function downAll({ confirm }: { readonly confirm: boolean }): Promise<void> {
  const checkout = findCheckout();
  const names = listRecords(checkout).map(({ name }) => name);
  if (names.length === 0) {
    console.log("There is no copy.");
    return;
  }
  if (!confirm) {
    throw new Problem(
      `This removes ${names.length} copies with their data: ${names.join(", ")}. Say so: make down-all CONFIRM=1`,
    );
  }
  await removeAll(checkout, names);
  for (const line of await removeUnused(checkout)) console.log(`removed ${line}`);
  removeEmptyFolders(checkout);
}

async function removeAll(checkout: Checkout, names: readonly string[]): Promise<void> {
  const [only] = names;
  if (names.length === 1 && only) {
    await removeUnderLock(checkout, only, runStages);
    console.log(`Copy "${only}" is gone, with its data.`);
    return;
  }
  await eachCopy(names, async (name, show) => {
    await removeUnderLock(checkout, name, show);
    return "gone";
  });
  console.log(`${names.length} copies are gone, with their data.`);
}

async function removeUnderLock(checkout: Checkout, name: string, show: ShowStages): Promise<void> {
  await using _lock = await holdLock(checkout, name, { purpose: `down ${name}` });
  const runtimes = beginRemoval(checkout, name);
  const step = (runtime: Runtime) => ({
    title: `Remove copy "${name}"`,
    run: async () => {
      await removeCopy(checkout, name, runtime);
      return runtime.name;
    },
  });
  await show(runtimes.map((runtime) => [step(runtime)]));
}

/** @returns the copy's runtime, or all of them where its record does not say. */
function beginRemoval(checkout: Checkout, name: string): readonly Runtime[] {
  let record: CopyRecord | undefined;
  try {
    record = readRecord(checkout, name);
  } catch (error) {
    console.log(error instanceof Error ? error.message : String(error));
  }
  if (!record) return ALL_RUNTIMES;
  const runtime = runtimeOf(record);
  writeRecord(checkout, { ...record, intent: "removal" });
  return [runtime];
}

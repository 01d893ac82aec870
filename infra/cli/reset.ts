import { findCheckout } from "../copies/checkout";
import { copyOf } from "../copies/copy";
import { describeDump, findDumpAgain } from "../copies/dump-source";
import { holdLock } from "../copies/lock";
import { Problem } from "../copies/problem";
import { type CopyRecord, requireRecord, writeRecord } from "../copies/registry";
import { runtimeOf } from "../runtimes/choice";
import { answerStep } from "./answer-step";
import { INTERRUPTED_EXIT_CODE, interruption } from "./interruption";
import { runStages } from "./steps";

/** `copy reset NAME`: puts a running copy's data back to its dump, as that file is now. */
export async function reset(name: string): Promise<void> {
  const checkout = findCheckout();
  requireRecord(checkout, name);
  await using _lock = await holdLock(checkout, name, { purpose: `reset ${name}` });
  const before = requireRecord(checkout, name);
  if (before.intent !== "running")
    throw new Problem(`Copy "${name}" does not run. Start it first: make up COPY=${name}`);
  const dump = await findDumpAgain(checkout, before.dump);
  if (dump.sha256 !== before.dump.sha256)
    console.log(`${describeDump(dump)} has changed: its present content is taken.`);
  const copy = copyOf(checkout, { ...withoutBranch(before), dump });
  const runtime = runtimeOf(before);
  using interrupted = interruption();
  const { signal } = interrupted;
  try {
    await runStages(runtime.reset({ copy, signal }, answerStep(copy, runtime, {})));
    writeRecord(checkout, copy.record);
  } catch (error) {
    if (signal.aborted) process.exitCode = INTERRUPTED_EXIT_CODE;
    throw signal.aborted ? signal.reason : error;
  }
  console.log(`Copy "${name}" has the data of ${describeDump(dump)} again.`);
}

/** From now on its data is its dump's, whatever it began with. */
function withoutBranch({ branch, ...record }: CopyRecord): CopyRecord {
  if (branch) console.log(`The copy began with the data of "${branch.copy}"; that does not come back.`);
  return record;
}

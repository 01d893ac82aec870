import { findCheckout } from "../copies/checkout";
import { copyOf } from "../copies/copy";
import { holdLock } from "../copies/lock";
import { Problem } from "../copies/problem";
import { requireRecord, writeRecord } from "../copies/registry";
import { runtimeOf } from "../runtimes/choice";
import { runStages } from "./steps";
import { up } from "./up";

/** `copy stop NAME`: ends the copy's processes; its data and its port stay its own. */
export async function stop(name: string): Promise<void> {
  const checkout = findCheckout();
  requireRecord(checkout, name);
  await using _lock = await holdLock(checkout, name, { purpose: `stop ${name}` });
  const record = requireRecord(checkout, name);
  if (record.intent === "birth" || record.intent === "removal") {
    throw new Problem(
      `The ${record.intent} of copy "${name}" was cut short. Finish it: make up COPY=${name}, or make down`,
    );
  }
  const copy = copyOf(checkout, writeRecord(checkout, { ...record, intent: "stopped" }));
  const run = async () => {
    await runtimeOf(record).stop(copy);
    return "data kept";
  };
  await runStages([[{ title: `Stop copy "${name}"`, run }]]);
}

/** `copy start NAME`: what `up` does, for a copy that is there. */
export async function start(name: string): Promise<void> {
  requireRecord(findCheckout(), name);
  await up([name], { runtime: "auto" });
}

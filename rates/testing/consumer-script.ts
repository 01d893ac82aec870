import { setTimeout as delay } from "node:timers/promises";
import { loadConfig } from "../src/config";
import { Queue } from "../src/platform/queue/queue";
import { IN_ORDER } from "./queue";

/** Most messages of a call. */
const TOGETHER = 4;
/** Long enough for another process to look for messages meanwhile, if it might have any. */
const WORK_MS = 20;

/** What a process does: numbers that it was given, and when, by the clock of the machine, in µs. */
export interface Step {
  readonly what: "begun" | "done";
  readonly numbers: readonly number[];
  readonly at: number;
}

/** Consumes until it is killed and tells its parent process of each call. With "hang" it ends no call of several messages. */
async function work(numbers: readonly number[]): Promise<void> {
  tell("begun", numbers);
  await (numbers.length > 1 && process.argv[2] === "hang" ? new Promise(() => {}) : delay(WORK_MS));
  tell("done", numbers);
}

function tell(what: Step["what"], numbers: readonly number[]): void {
  process.send?.({ what, numbers, at: Number(process.hrtime.bigint() / 1_000n) } satisfies Step);
}

process.on("disconnect", () => process.exit());
const queue = new Queue(loadConfig(process.env), () => {});
queue.consume<number>(IN_ORDER, (messages) => work(messages.map(({ payload }) => payload)), { together: TOGETHER });

import { getPriority, setPriority } from "node:os";
import type { MessagePort } from "node:worker_threads";
import { BatchTaker } from "./batch-taker";
import { carried } from "./carried-error";
import { HungUp, Payload } from "./payload";
import type { BatchHead, FromTaking, FromThread, ThreadStart, ToTaking, ToThread } from "./thread-messages";

/**
 * How much nicer the thread is than the process, whose requests are to find a core at once; a batch takes what is left. What
 * it brings was too little to measure on a noisy machine, and so was what it costs (docs/decisions/014-batch-thread.md).
 */
const NICER = 10;
const NICEST = 19;

/** Takes batches in this thread until it is told to close. */
export function takeBatches({ config }: ThreadStart, parent: MessagePort): void {
  giveWay();
  const tell = (message: FromThread) => parent.postMessage(message);
  const taker = new BatchTaker(config, (error) => tell({ kind: "idle-error", error: carried(error) }));
  parent.on("message", async (message: ToThread) => {
    if (message.kind === "take") return takeOne(taker, message, config.BATCH_MAX_BYTES);
    await taker.close();
    // Nothing is left that would keep the thread alive but batches in hand.
    parent.close();
  });
}

async function takeOne(
  taker: BatchTaker,
  { head, port }: { readonly head: BatchHead; readonly port: MessagePort },
  maxBytes: number,
): Promise<void> {
  const tell = (message: FromTaking) => port.postMessage(message);
  const payload = new Payload({ ...head.payload, maxBytes, ask: (pieces) => tell({ kind: "more", pieces }) });
  port.on("message", (message: ToTaking) => {
    if (message.kind === "piece") payload.put(message.bytes);
    else if (message.kind === "end") payload.end();
    else payload.stop(new HungUp());
  });
  try {
    const outcome = await taker.take({ key: head.key, type: head.payload.type, payload });
    tell({ kind: "taken", outcome });
  } catch (error) {
    tell({ kind: "refused", error: carried(error) });
  }
}

/** Linux counts niceness by thread; elsewhere it would be the whole process's. Where a sandbox forbids it, batches go on as they are. */
function giveWay(): void {
  if (process.platform !== "linux") return;
  try {
    setPriority(Math.min(NICEST, getPriority() + NICER));
  } catch {}
}

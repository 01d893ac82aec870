import type { IncomingMessage } from "node:http";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { Config } from "../../config";
import type { Outcome } from "./batch-taker";
import { BodySender } from "./body-sender";
import { restored } from "./carried-error";
import { threadLost } from "./limits";
import { type BatchHead, type FromTaking, type FromThread, type ToThread, threadStart } from "./thread-messages";

export interface ThreadParts {
  readonly config: Config;
  /** The built service, which the thread runs. */
  readonly threadFile: string;
  readonly onIdleError: (error: Error) => void;
  /** Is told why the thread failed. */
  readonly onThreadLost: (error: Error) => void;
}

/** The thread that takes batches, as the process sees it. */
export class BatchThread {
  readonly #worker: Worker;
  readonly #exit: Promise<void>;
  /** By what a batch is refused that the thread leaves behind. */
  readonly #inHand = new Set<(reason: Error) => void>();
  #failure: Error | undefined;
  #isOver = false;

  constructor({ threadFile, config, onIdleError, onThreadLost }: ThreadParts) {
    this.#worker = new Worker(threadFile, { workerData: threadStart(config), name: "batches" });
    this.#worker.on("message", ({ error }: FromThread) => onIdleError(restored(error)));
    // Its exit follows.
    this.#worker.on("error", (error) => {
      this.#failure = error;
      onThreadLost(error);
    });
    this.#exit = new Promise((resolve) => this.#worker.once("exit", resolve)).then(() => this.#end());
  }

  /** Whether it has ended; another has to take its place. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Has one batch taken.
   * @throws {Problem} 503 when the thread ends meanwhile, and what taking a batch throws
   */
  async take(head: BatchHead, body: IncomingMessage): Promise<Outcome> {
    const { port1: port, port2: portOfThread } = new MessageChannel();
    using sender = new BodySender(body, port);
    this.#send({ kind: "take", head, port: portOfThread }, [portOfThread]);
    try {
      return await this.#outcome(port, sender);
    } finally {
      port.close();
    }
  }

  /** Lets it close its connections and waits until it has ended. Batches that still run fail. */
  close(): Promise<void> {
    this.#send({ kind: "close" });
    return this.#exit;
  }

  async #outcome(port: MessagePort, sender: BodySender): Promise<Outcome> {
    let refuse: (reason: Error) => void = () => {};
    const outcome = new Promise<Outcome>((resolve, reject) => {
      refuse = reject;
      port.on("message", (message: FromTaking) => {
        if (message.kind === "more") sender.send(message.pieces);
        else if (message.kind === "taken") resolve(message.outcome);
        else reject(restored(message.error));
      });
    });
    this.#inHand.add(refuse);
    return await outcome.finally(() => this.#inHand.delete(refuse));
  }

  #send(message: ToThread, moved: readonly MessagePort[] = []): void {
    this.#worker.postMessage(message, moved);
  }

  #end(): void {
    this.#isOver = true;
    for (const refuse of this.#inHand) refuse(threadLost(this.#failure));
  }
}

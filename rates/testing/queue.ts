import { loadConfig, type ServiceEnvironment } from "../src/config";
import type { QueueDefinition } from "../src/platform/queue/definition";
import type { Delivery, Handler } from "../src/platform/queue/hold";
import { Queue } from "../src/platform/queue/queue";
import type { DatabaseAccess } from "./api";

/** A queue on a database of the test's own; `await using` stops and closes it. */
export interface TestQueue extends Queue, AsyncDisposable {
  /** Everything that went wrong without anybody waiting for it. */
  readonly troubles: readonly string[];
}

/** One attempt more than a test needs to see a second one. */
export const IN_ORDER: QueueDefinition = { name: "in-order", inOrder: true, attempts: 3 };
export const SIDE_BY_SIDE: QueueDefinition = { name: "side-by-side", inOrder: false, attempts: 3 };

/** A handler that works on one message after the other. */
export function each<Payload>(
  work: (payload: Payload, delivery: Delivery<Payload>) => Promise<void> | void,
): Handler<Payload> {
  return async (messages) => {
    for (const message of messages) await work(message.payload, message);
  };
}

export function testQueue(database: DatabaseAccess, environment: Partial<ServiceEnvironment> = {}): TestQueue {
  const troubles: string[] = [];
  const queue = new Queue(loadConfig(queueEnvironment(database, environment)), (what, error) => {
    troubles.push(`${what}: ${error}`);
  });
  return Object.assign(queue, {
    troubles,
    async [Symbol.asyncDispose]() {
      await queue.stop();
      await queue.close();
    },
  });
}

/** Of a process that uses the queue and never asks the database. */
export function queueEnvironment(
  { url, passwordFile }: DatabaseAccess,
  environment: Partial<ServiceEnvironment> = {},
): Partial<ServiceEnvironment> {
  return {
    DATABASE_URL: "postgres://nobody@127.0.0.1:1/none",
    QUEUE_URL: url,
    QUEUE_PASSWORD_FILE: passwordFile,
    ...environment,
  };
}

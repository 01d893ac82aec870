import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BroadcastChannel } from "node:worker_threads";
import { inject } from "vitest";

/** How a thread comes to its end when nobody closes it. */
export type Ending = "exits" | "throws";

/** The service's own thread, which says when it starts and when it ends, and can be made to end at any moment. */
export interface WatchedThread extends Disposable {
  /** To be started in the place of the service's file. */
  readonly file: string;
  /** "started", "held up" and "ended" in the order they came, of all threads that ran the file. */
  readonly heard: readonly string[];
  end(how: Ending): void;
  /** Keeps it from doing anything, as the longest calculation would, until the result is disposed of. */
  holdUp(): Disposable;
}

export function watchedThread(): WatchedThread {
  const folder = mkdtempSync(join(tmpdir(), "rates-thread-"));
  const file = join(folder, "thread.js");
  const channel = new BroadcastChannel(folder);
  const heard: string[] = [];
  channel.onmessage = (event) => heard.push(String((event as MessageEvent).data));
  writeFileSync(file, scriptFor(folder, inject("serviceFile")));
  return {
    file,
    heard,
    end: (how) => channel.postMessage(how),
    holdUp() {
      const gate = new Int32Array(new SharedArrayBuffer(4));
      channel.postMessage(gate);
      return { [Symbol.dispose]: () => open(gate) };
    },
    [Symbol.dispose]() {
      channel.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function open(gate: Int32Array): void {
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
}

/** The channel must not keep the thread alive, so that it can end as it does in the service. */
function scriptFor(channel: string, service: string): string {
  return `
    const { BroadcastChannel } = require("node:worker_threads");
    const channel = new BroadcastChannel(${JSON.stringify(channel)});
    channel.onmessage = ({ data }) => {
      if (data === "exits") process.exit(7);
      if (data === "throws") throw new Error("planted");
      channel.postMessage("held up");
      Atomics.wait(data, 0, 0);
    };
    channel.unref();
    channel.postMessage("started");
    process.on("exit", () => channel.postMessage("ended"));
    require(${JSON.stringify(service)});`;
}

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import type { DatabaseAccess } from "./api";
import type { Step } from "./consumer-script";
import { queueEnvironment } from "./queue";

/** A process that consumes the numbers of a queue in order; `await using` kills it. */
export class ConsumerProcess implements AsyncDisposable {
  /** What it has done so far. */
  readonly steps: Step[] = [];
  readonly #child: ChildProcess;

  /** @param manner "hang" ends no call of several messages */
  constructor(database: DatabaseAccess, manner: "work" | "hang") {
    this.#child = fork(require.resolve("./consumer-script.ts"), [manner], {
      cwd: resolve(__dirname, "../.."),
      execArgv: ["-r", "ts-node/register/transpile-only"],
      // Of the test's own environment only what finds programs.
      env: { PATH: process.env["PATH"], ...queueEnvironment(database) },
    });
    this.#child.on("message", (step: Step) => this.steps.push(step));
  }

  /** The numbers of the calls that it has ended, in their order. */
  get done(): number[] {
    return this.steps.filter(({ what }) => what === "done").flatMap(({ numbers }) => [...numbers]);
  }

  /** kill -9, and the end of what it said. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

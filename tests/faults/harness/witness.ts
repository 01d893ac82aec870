import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { temporaryFolder } from "../../support/folder";
import type { Report, Task } from "./record";

/** Most ms for the clients of one run: each ends when everything it sent is acknowledged. */
const RUN_LIMIT_MS = 60_000;

/**
 * Clients in a process of their own, which sends, is answered, and records what was acknowledged: whatever else is killed or
 * stopped cannot change what it has seen. `await using` ends it.
 */
export class Witness implements AsyncDisposable {
  /** Requests of the present run that were acknowledged, on disk. */
  acknowledged = 0;
  /** Those, and those that were refused or lost. */
  answers = 0;
  readonly #child: ChildProcess;
  readonly #folder = temporaryFolder("rates-witness-");
  #runs = 0;
  #state: "runs" | "ended" | { readonly failed: string } = "ended";
  #onReport = () => {};

  /** @param script a TypeScript file that calls `beWitness` */
  constructor(script: string) {
    this.#child = fork(script, {
      cwd: resolve(__dirname, "../../.."),
      execArgv: ["-r", "ts-node/register/transpile-only"],
      // Of the test's own environment only what finds programs.
      env: { PATH: process.env["PATH"] },
    });
    this.#child.on("message", (report: Report) => this.#take(report));
    this.#child.on("exit", (code, signal) => this.#take({ failed: `the witness ended with ${signal ?? code}` }));
  }

  get #file(): string {
    return join(this.#folder.path, `run-${this.#runs}`);
  }

  get hasEnded(): boolean {
    return this.#state !== "runs";
  }

  /** Has the clients begin a run, with a new record. */
  begin(task: Omit<Task, "file">): void {
    if (!this.hasEnded) throw new Error("the clients of the run before have not ended");
    [this.acknowledged, this.answers, this.#state] = [0, 0, "runs"];
    this.#runs += 1;
    this.#child.send({ ...task, file: this.#file } satisfies Task);
  }

  /** Waits until something holds of the counts. @returns false where the run ended before, or the limit passed */
  async reached(holds: () => boolean, limitMs = RUN_LIMIT_MS): Promise<boolean> {
    const limit = new AbortController();
    const passed = delay(limitMs, undefined, { signal: limit.signal }).catch(() => {});
    let isOver = false;
    void passed.then(() => {
      isOver = true;
    });
    while (!holds() && !this.hasEnded && !isOver) await Promise.race([this.#nextReport(), passed]);
    limit.abort();
    return holds();
  }

  /** Resolves when every client has ended. @throws Error when one failed or they take too long */
  async end(): Promise<void> {
    await this.reached(() => false);
    if (typeof this.#state === "object") throw new Error(`the clients failed: ${this.#state.failed}`);
    if (this.hasEnded) return;
    throw new Error(
      `after ${RUN_LIMIT_MS} ms not all is acknowledged: ${this.acknowledged} of ${this.answers} answers`,
    );
  }

  /** What the clients of the present run have recorded. */
  entries<Entry>(): Entry[] {
    const lines = readFileSync(this.#file, "utf8").split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exit = once(this.#child, "exit");
      this.#child.kill("SIGKILL");
      await exit;
    }
    this.#folder[Symbol.dispose]();
  }

  #nextReport(): Promise<void> {
    const before = this.#onReport;
    return new Promise((resolve) => {
      this.#onReport = () => {
        before();
        resolve();
      };
    });
  }

  #take(report: Report): void {
    if ("acknowledged" in report) {
      this.acknowledged += report.acknowledged;
      this.answers += report.acknowledged + report.refused;
    } else {
      this.#state = "failed" in report ? report : "ended";
    }
    const told = this.#onReport;
    this.#onReport = () => {};
    told();
  }
}

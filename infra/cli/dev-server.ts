import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { basename, join } from "node:path";
import type { BuildContext } from "esbuild";
import type { ServiceEnvironment } from "rates/src/config";
import { writeFileAtomically } from "../copies/registry";
import { describeBuildFailure, devBundleOptions } from "../images/api/bundle";

/**
 * The service from source, behind one listening socket that this process holds (node:cluster). A reload starts the new
 * code first and ends the old when the new one listens, so no request is refused; code that does not build or does not
 * start is shown, and the last good version goes on answering.
 */
export class DevServer implements AsyncDisposable {
  readonly #file: string;
  #context: BuildContext | undefined;
  #current: Worker | undefined;
  #queue: Promise<void> = Promise.resolve();
  #ending = false;

  constructor(
    private readonly root: string,
    private readonly directory: string,
    private readonly environment: ServiceEnvironment,
  ) {
    this.#file = join(directory, "rates.js");
    cluster.setupPrimary({ exec: this.#file, args: ["api"], execArgv: ["--enable-source-maps"] });
  }

  /** Builds and swaps; reloads follow each other. Failures are printed, never thrown. */
  reload(): Promise<void> {
    this.#queue = this.#queue.then(() => (this.#ending ? undefined : this.#reloadOnce()));
    return this.#queue;
  }

  async #reloadOnce(): Promise<void> {
    const begun = performance.now();
    try {
      await this.#build();
    } catch (error) {
      return this.#keepOld(await describeBuildFailure(error, process.stderr.isTTY));
    }
    if (await this.#swap()) console.log(`dev: reloaded in ${Math.round(performance.now() - begun)} ms`);
  }

  async #build(): Promise<void> {
    const { context } = await import("esbuild");
    this.#context ??= await context(devBundleOptions(this.root));
    const { outputFiles = [] } = await this.#context.rebuild();
    for (const { path, text } of outputFiles) writeFileAtomically(join(this.directory, basename(path)), text);
  }

  async #swap(): Promise<boolean> {
    const next = cluster.fork(this.environment);
    const listens = await Promise.race([
      once(next, "listening").then(() => true),
      once(next, "exit").then(() => false),
    ]);
    if (!listens) {
      if (!this.#ending) this.#keepOld("The new code ended before it was ready; its output is above.");
      return false;
    }
    this.#current?.process.kill("SIGTERM");
    this.#current = next;
    next.once("exit", () => this.#lost(next));
    return true;
  }

  #keepOld(reason: string): void {
    console.error(
      `${reason}\n${this.#current ? "dev: the last good version keeps answering" : "dev: waiting for a save"}`,
    );
  }

  #lost(worker: Worker): void {
    if (this.#ending || worker !== this.#current) return;
    this.#current = undefined;
    console.error("dev: the service ended; save a file to start it again");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending = true;
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    const ended = workers.map((worker) => once(worker, "exit"));
    for (const worker of workers) worker.process.kill("SIGTERM");
    await Promise.all([...ended, this.#context?.dispose()]);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

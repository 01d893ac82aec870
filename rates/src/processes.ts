import cluster, { type Worker } from "node:cluster";
import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "./config";
import { serve } from "./server";
import { parentSignals, systemSignals } from "./signals";

/** A process that dies as soon as it listens would otherwise be started anew as fast as the machine can. */
const RESTART_PAUSE_MS = 500;

/** Runs the API in as many processes as API_PROCESSES says, all on one port; one is this process itself. */
export async function serveInProcesses(config: Config): Promise<never> {
  if (config.API_PROCESSES === 1) return serve(config, systemSignals);
  if (cluster.isWorker) return serve(config, parentSignals);
  return new Processes(config.API_PROCESSES).run();
}

/** Several API processes and the one above them, which answers nothing itself and hands on every signal. */
class Processes {
  readonly #count: number;
  /** A signal came, or a process could not start: nothing is started any more. */
  #ends = false;
  #exitCode = 0;

  constructor(count: number) {
    this.#count = count;
  }

  async run(): Promise<never> {
    systemSignals((signal) => this.#end(signal));
    await Promise.all(Array.from({ length: this.#count }, () => this.#keepOneRunning()));
    process.exit(this.#exitCode);
  }

  /** Replaces a process that has served and died. One that never got to serve has said why and ends all. */
  async #keepOneRunning(): Promise<void> {
    while (!this.#ends) {
      const { served, exitCode } = await untilExit(cluster.fork());
      if (this.#ends || !served) {
        this.#exitCode = Math.max(this.#exitCode, exitCode);
        if (!this.#ends) this.#end("SIGTERM");
        return;
      }
      await delay(RESTART_PAUSE_MS);
    }
  }

  #end(signal: NodeJS.Signals): void {
    this.#ends = true;
    for (const worker of Object.values(cluster.workers ?? {})) worker?.send(signal);
  }
}

function untilExit(worker: Worker): Promise<{ served: boolean; exitCode: number }> {
  return new Promise((resolve) => {
    let served = false;
    worker.once("listening", () => {
      served = true;
    });
    // Ended by a signal it has no code.
    worker.once("exit", (code: number | null) => resolve({ served, exitCode: code ?? 1 }));
  });
}

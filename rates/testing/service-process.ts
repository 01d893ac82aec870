import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import type { ServiceEnvironment } from "../src/config";

/** A service process of a test; `await using` kills it. */
export class ServiceProcess implements AsyncDisposable {
  /** Everything written to standard output and standard error, line by line. */
  readonly lines: string[] = [];
  /** Its exit code; null when a signal ended it. */
  readonly exit: Promise<number | null>;
  readonly #child: ChildProcess;
  #onLine: () => void = () => {};

  /**
   * @param file a bundle, or any script that runs one
   * @param command the service's command with its arguments; `api` unless given
   */
  constructor(file: string, environment: Partial<ServiceEnvironment>, ...command: readonly string[]) {
    this.#child = spawn(process.execPath, [file, ...(command.length > 0 ? command : ["api"])], {
      // Nothing of the test's own environment, and a folder without .env.
      env: { PORT: "0", ...environment },
      cwd: tmpdir(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.exit = once(this.#child, "exit").then(([code]) => code);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream) createInterface(stream).on("line", (line) => this.#take(line));
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves to the first line that contains a text, or fails when the process ended without it. */
  async line(text: string): Promise<string> {
    const found = () => this.lines.find((line) => line.includes(text));
    const ended = this.exit.then((code) =>
      Promise.reject(new Error(`ended with ${code} without "${text}":\n${this.lines.join("\n")}`)),
    );
    ended.catch(() => {});
    for (;;) {
      const line = found();
      if (line !== undefined) return line;
      await Promise.race([new Promise<void>((resolve) => (this.#onLine = resolve)), ended]);
    }
  }

  /** Resolves to the port when the process listens. */
  async port(): Promise<number> {
    return Number(/:(\d+)"/.exec(await this.line("Server listening"))?.[1]);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.exit;
  }

  #take(line: string): void {
    this.lines.push(line);
    this.#onLine();
  }
}

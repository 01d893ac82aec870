import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { ensureBundle } from "infra/bin/bundle";
import { type Counts, type Statistics, statisticsOf } from "./statistics";
import { type Switches, switchesOf } from "./switches";

/**
 * Built once and kept while its source stays the same: a start by ts-node takes 18 times as long (0.23 s to 4.1 s, measured
 * on a busy machine). Paths are relative to the checkout.
 */
const BUNDLE = { entry: "tests/upstreams/feed/main.ts", outfile: "tests/upstreams/feed/dist/upstream.js" };
/** One thread collects garbage: several wait for each other on a machine whose cores are in use. */
const GC = ["--single-threaded-gc"];
const ROOT = resolve(__dirname, "../../..");

/**
 * Starts the upstream of the pull in a process of its own, on 127.0.0.1. `await using` kills it.
 *
 *     await using upstream = await startFeed({ total: 50_000, body: "flat", rateLimit: { ... } });
 *
 * @throws Error when it does not start, or a switch does not exist
 */
export async function startFeed(given: Partial<Switches> = {}): Promise<FeedSimulator> {
  const simulator = new FeedSimulator(switchesOf(given));
  await simulator.start();
  return simulator;
}

/** The simulated upstream, as a test holds it. */
export class FeedSimulator implements AsyncDisposable {
  /** As it was started and `set` since. */
  switches: Switches;
  /** 0 until it has started; a restart keeps it. */
  port = 0;
  readonly #ended: Counts[] = [];
  #starts = 0;
  /** Events that had arrived when the present process began, or the last one ended. */
  #arrivals = { count: 0, at: Date.now() };
  #child: ChildProcess | undefined;

  constructor(switches: Switches) {
    this.switches = switches;
  }

  /** Without a slash at its end. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get key(): string {
    return this.switches.key;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Starts a process where there is none: after `stop`. Cursors and tokens of the one before are unknown to it. */
  async start(): Promise<void> {
    const file = await ensureBundle({ root: ROOT, ...BUNDLE });
    const setting = { switches: this.switches, port: this.port, starts: this.#starts, arrivals: this.#arrivals };
    this.#starts += 1;
    const child = fork(file, { cwd: tmpdir(), execArgv: GC, env: { FEED_UPSTREAM: JSON.stringify(setting) } });
    this.#child = child;
    const failed = once(child, "exit").then(([code]) => Promise.reject(new Error(`the upstream ended with ${code}`)));
    failed.catch(() => {});
    const [message] = await Promise.race([once(child, "message"), failed]);
    this.port = message.port;
  }

  /** Kills the process with every answer under way; connections are refused from now on. The counts are kept. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    if (child.exitCode === null && child.signalCode === null) {
      const counts = await this.#counts();
      this.#ended.push(counts);
      this.#arrivals = { count: counts.arrived, at: Date.now() };
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
    }
  }

  /** `stop`, then `start` on the same port. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Changes switches while it runs; seed, total and key stay. */
  async set(given: Partial<Switches>): Promise<void> {
    this.switches = switchesOf(given, this.switches);
    const answer = await fetch(`${this.url}/_control/set`, { method: "POST", body: JSON.stringify(given) });
    if (!answer.ok) throw new Error(`the upstream does not take ${JSON.stringify(given)}: ${await answer.text()}`);
  }

  /** What was asked and answered, over all processes of this upstream. */
  async statistics(): Promise<Statistics> {
    return statisticsOf(this.#child === undefined ? this.#ended : [...this.#ended, await this.#counts()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  }

  async #counts(): Promise<Counts> {
    const answer = await fetch(`${this.url}/_control/statistics`);
    return (await answer.json()) as Counts;
  }
}

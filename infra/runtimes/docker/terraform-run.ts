import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import { Problem } from "../../copies/problem";
import { findProcesses, identifyProcess, signalProcess } from "../../copies/process-identity";
import { type Source, terraformEnvironment } from "./airgap";
import { terraformProgram } from "./terraform";

/** One Terraform working folder: a synthesised stack. */
export interface TerraformFolder {
  readonly folder: string;
  /** Where the provider comes from. */
  readonly source: Source;
  readonly signal?: AbortSignal | undefined;
  /** What becomes of the work when the signal fires; undefined keeps it. */
  readonly fate?: Fate | undefined;
  report?(detail: string): void;
}

/** A plan: nothing to do, or what would be done, one line a resource. */
export type Changes = readonly string[];

/**
 * What becomes of a terraform's work when it is asked to stop. `keep`: its state is needed, so it may take its time.
 * `throw away`: all that it made is removed by its labels, so nobody waits for its state.
 */
export type Fate = "keep" | "throw away";

/** The end of Terraform's output that an error shows. */
const SHOWN_LINES = 40;

/**
 * A terraform that is asked to stop finishes the call it is in, waits for containers to get healthy (30 s at most) and
 * writes its state, in ms. Where that is thrown away it gets as long as the engine takes to make a container: what is
 * made after the kill, nobody would sweep.
 */
const PATIENCE_MS: Readonly<Record<Fate, number>> = { keep: 90_000, "throw away": 3_000 };
const POLL_MS = 50;

/** Makes the folder ready: installs the provider. Once per folder; the lock file is the last that it writes. */
export async function initialise(terraform: TerraformFolder): Promise<void> {
  if (existsSync(join(terraform.folder, ".terraform.lock.hcl"))) return;
  await run(terraform, ["init"]);
}

/** Makes the world what the configuration says. @param targets addresses to confine it to; none is all */
export async function apply(terraform: TerraformFolder, targets: readonly string[] = []): Promise<void> {
  await run(terraform, ["apply", "-auto-approve", ...targets.map((address) => `-target=${address}`)]);
}

/** What an apply would change. */
export async function plan(terraform: TerraformFolder): Promise<Changes> {
  const { output, exitCode } = await run(terraform, ["plan", "-detailed-exitcode", "-lock=false"], [0, 2]);
  if (exitCode === 0) return [];
  const changes = output.split("\n").flatMap((line) => line.match(/^ {2}# (\S+ .*)$/)?.[1] ?? []);
  // Outputs alone may change; that is a change as well.
  return changes.length > 0 ? changes : ["outputs"];
}

/**
 * Ends a terraform that outlived the command which started it, so that its state is free and nothing changes behind the
 * next one's back. Asked first: it then finishes the call it is in and writes what it knows.
 */
export async function endStrayTerraform(folder: string, fate: Fate): Promise<void> {
  // With the blank: the folder of copy "qa" is the beginning of that of "qa-1".
  await end(findProcesses(`-chdir=${folder} `), fate);
}

async function end(pids: readonly number[], fate: Fate): Promise<void> {
  for (const pid of pids) signalProcess(pid, "SIGINT");
  const deadline = Date.now() + PATIENCE_MS[fate];
  while (pids.some((pid) => identifyProcess(pid))) {
    if (Date.now() > deadline) pids.forEach(killGroup);
    await delay(POLL_MS);
  }
  // One that is asked while it is still starting leaves its provider behind.
  pids.forEach(killGroup);
}

/** With the provider, which runs in its group and would stay without it. */
function killGroup(pid: number): void {
  signalProcess(-pid, "SIGKILL");
}

interface Ran {
  readonly output: string;
  readonly exitCode: number;
}

async function run(terraform: TerraformFolder, args: readonly string[], good: readonly number[] = [0]): Promise<Ran> {
  const { folder, source, signal, fate = "keep", report = () => {} } = terraform;
  const [command = ""] = args;
  const running = execa(terraformProgram(), [`-chdir=${folder}`, ...args, "-no-color", "-input=false"], {
    env: terraformEnvironment(source),
    stdin: "ignore",
    all: true,
    reject: false,
    // Ctrl-C is for our command, which asks Terraform to stop; in the same group it would be asked twice, and die.
    detached: true,
    cleanup: false,
  });
  const interrupt = () => void end(running.pid === undefined ? [] : [running.pid], fate);
  signal?.addEventListener("abort", interrupt);
  for await (const line of running.iterable({ from: "all" })) {
    const progress = line.match(/^(\S+): (Creating|Creation complete|Destroying|Destruction complete|Modif)/);
    if (progress) report(line.replace(/ \[id=.*/, ""));
  }
  const { exitCode = 1, all } = await running;
  signal?.removeEventListener("abort", interrupt);
  signal?.throwIfAborted();
  if (good.includes(exitCode)) return { output: all, exitCode };
  throw new Problem(
    `terraform ${command} failed in ${folder}:\n${all.split("\n").slice(-SHOWN_LINES).join("\n").trim()}`,
  );
}

import { execa } from "execa";
import { Problem } from "../copies/problem";

export interface EngineOptions {
  /** Given to the command's standard input. */
  readonly input?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface EngineAnswer {
  readonly ok: boolean;
  /** Standard output. */
  readonly output: string;
  /** Standard output and standard error as they came. */
  readonly all: string;
}

/** An engine that holds its socket without answering is as good as none; a working one takes 30 ms here. */
const ANSWER_LIMIT_MS = 5_000;

/** Asks the engine by its own client, which honours DOCKER_HOST and contexts. Never throws for a refused command. */
export async function askEngine(args: readonly string[], options: EngineOptions = {}): Promise<EngineAnswer> {
  const { input = "", signal } = options;
  const settings = { input, all: true, reject: false } as const;
  const done = await execa("docker", args, signal ? { ...settings, cancelSignal: signal } : settings);
  signal?.throwIfAborted();
  return { ok: !done.failed, output: done.stdout, all: done.all || (done.originalMessage ?? "") };
}

/** Has the engine do something. @returns standard output @throws Problem with what it said instead */
export async function useEngine(args: readonly string[], options: EngineOptions = {}): Promise<string> {
  const { ok, output, all } = await askEngine(args, options);
  if (ok) return output;
  await requireEngine();
  throw new Problem(`The container engine refused: docker ${args.join(" ")}\n${all}`);
}

/** @returns the engine's version, undefined where none answers */
export async function engineVersion(): Promise<string | undefined> {
  const args = ["version", "--format", "{{.Server.Version}}"];
  const done = await execa("docker", args, { timeout: ANSWER_LIMIT_MS, reject: false });
  return done.failed ? undefined : done.stdout;
}

/** @throws Problem with the command that starts one, where no engine answers */
export async function requireEngine(): Promise<void> {
  if (await engineVersion()) return;
  const host = process.env["DOCKER_HOST"];
  const where = host ? `at DOCKER_HOST=${host}` : "on this machine";
  throw new Problem(`No container engine answers ${where}. Start it there, or one on this machine: .ci/engine`);
}

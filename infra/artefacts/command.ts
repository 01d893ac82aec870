import { execa } from "execa";
import { Problem } from "../copies/problem";
import type { Work } from "./artefact";

export interface Command {
  /** What is being done, for the error: `Building the provider`. */
  readonly what: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Where it runs: never the checkout, whose settings for npm, Go or Terraform are not meant for it. */
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Told every line of standard error, for progress. */
  readonly onLine?: (line: string) => void;
}

/** The end of a tool's output that an error shows: the reason stands there, after much that is not it. */
const SHOWN_LINES = 20;

/**
 * Runs a tool to its end.
 * @returns its standard output
 * @throws Problem with the end of its output; the signal's reason when it fires
 */
export async function runCommand(command: Command, { signal }: Pick<Work, "signal">): Promise<string> {
  const { what, program, args, cwd, env = {}, onLine = () => {} } = command;
  const done = await execa(program, args, {
    cwd,
    env,
    cancelSignal: signal,
    stdin: "ignore",
    stderr: ["pipe", watchLines(onLine)],
    all: true,
    reject: false,
  });
  signal.throwIfAborted();
  if (!done.failed) return done.stdout;
  const output = String(done.all ?? "")
    .split("\n")
    .slice(-SHOWN_LINES)
    .join("\n")
    .trim();
  const ending =
    done.exitCode === undefined ? (done.originalMessage ?? "could not be run") : `exit code ${done.exitCode}`;
  throw new Problem(`${what} failed: ${program} ${args.join(" ")} (${ending}).\n${output}`, { cause: done });
}

function watchLines(onLine: (line: string) => void) {
  return function* (line: unknown) {
    onLine(String(line));
    yield line;
  };
}

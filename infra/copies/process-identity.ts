import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** A process that cannot be mistaken for a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the system's own notation: only compared, never read. */
  readonly started: string;
}

/** @returns undefined where no live process has this pid (a zombie is not alive). */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const started = existsSync("/proc/self/stat") ? startedByProc(pid) : startedByPs(pid);
  return started === undefined ? undefined : { pid, started };
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.started === identity.started;
}

/** Whether a live process has this pid and `marker` in its command line: a pid alone may be a later process's. */
export function runsWith(pid: number, marker: string): boolean {
  return findProcesses(marker).includes(pid) && identifyProcess(pid) !== undefined;
}

/** Pids of the processes that have `marker` in their command line, whoever started them. */
export function findProcesses(marker: string): number[] {
  const lines = existsSync("/proc/self/stat") ? commandLinesByProc() : commandLinesByPs();
  return lines.filter(({ pid, line }) => line.includes(marker) && pid !== process.pid).map(({ pid }) => pid);
}

/** Sends a signal to a process that may already be gone. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** proc(5): field 3 is the state and field 22 the start in clock ticks since boot; the name before may hold spaces. */
function startedByProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function startedByPs(pid: number): string | undefined {
  try {
    const [state = "", ...start] = ps(["-o", "state=,lstart=", "-p", String(pid)])
      .trim()
      .split(/\s+/);
    return state.startsWith("Z") ? undefined : start.join(" ");
  } catch {
    return undefined;
  }
}

function commandLinesByProc(): { pid: number; line: string }[] {
  const pids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
  return pids.flatMap((pid) => {
    try {
      return [{ pid: Number(pid), line: readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ") }];
    } catch {
      return []; // ended between the listing and the look
    }
  });
}

function commandLinesByPs(): { pid: number; line: string }[] {
  return ps(["-axww", "-o", "pid=,command="])
    .split("\n")
    .map((text) => text.trim().match(/^(\d+)\s+(.*)$/))
    .flatMap((match) => (match?.[1] && match[2] ? [{ pid: Number(match[1]), line: match[2] }] : []));
}

function ps(args: readonly string[]): string {
  return execFileSync("ps", args, { encoding: "utf8" });
}

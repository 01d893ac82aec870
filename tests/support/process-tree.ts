import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Pids of the processes that `parent` started and that still run. */
export function childrenOf(parent: number): number[] {
  return parents()
    .filter(({ ppid }) => ppid === parent)
    .map(({ pid }) => pid);
}

function parents(): { pid: number; ppid: number }[] {
  if (existsSync("/proc/self/stat")) return parentsByProc();
  const lines = execFileSync("ps", ["-axo", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
  return lines.map((line) => line.trim().split(/\s+/)).map(([pid, ppid]) => ({ pid: Number(pid), ppid: Number(ppid) }));
}

/** proc(5): the fields after the parenthesised name begin with the state and the parent. */
function parentsByProc(): { pid: number; ppid: number }[] {
  const pids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
  return pids.flatMap((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      return [{ pid: Number(pid), ppid: Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) }];
    } catch {
      return []; // ended meanwhile
    }
  });
}

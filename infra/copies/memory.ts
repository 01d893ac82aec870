import { readFileSync } from "node:fs";

/**
 * What processes take of the machine's memory together, in bytes: their proportional set size, in which a page that
 * several processes share counts by share. Processes that have ended meanwhile count nothing.
 * @returns undefined where the system does not tell (not Linux, or another user's process)
 */
export function memoryOf(pids: readonly number[]): number | undefined {
  const sizes = pids.flatMap((pid) => proportionalSetSize(pid) ?? []);
  return sizes.length > 0 ? sizes.reduce((sum, size) => sum + size, 0) : undefined;
}

/** proc(5), /proc/pid/smaps_rollup: the line `Pss: 12345 kB`. */
function proportionalSetSize(pid: number): number | undefined {
  try {
    const kibibytes = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8").match(/^Pss:\s+(\d+) kB$/m)?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}

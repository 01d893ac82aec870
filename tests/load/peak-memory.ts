import { readFileSync } from "node:fs";

/** Often enough to meet what lives for a tenth of a second; a look takes 1 ms for each process. */
const SAMPLE_MS = 20;

/** What Linux tells of a process in /proc/pid/smaps_rollup: its share of all pages, or its private ones alone. */
export type MemoryKind = "Pss" | "Anonymous";

/** A process, and which of its memory is meant. */
export interface Watched {
  readonly pid: number;
  readonly kind: MemoryKind;
}

/** @returns the largest number of bytes that each process had while the work lasted, in their order */
export async function peakMemory(watched: readonly Watched[], work: () => Promise<void>): Promise<number[]> {
  const peaks = watched.map(() => 0);
  const sample = () => {
    for (const [index, { pid, kind }] of watched.entries()) {
      peaks[index] = Math.max(peaks[index] ?? 0, memoryOf(pid, kind));
    }
  };
  const timer = setInterval(sample, SAMPLE_MS);
  try {
    sample();
    await work();
    sample();
    return peaks;
  } finally {
    clearInterval(timer);
  }
}

/** @returns bytes; 0 of a process that has ended, such as a backend that nobody used any more */
function memoryOf(pid: number, kind: MemoryKind): number {
  const line = readRollup(pid).match(new RegExp(`^${kind}:\\s+(\\d+) kB$`, "m"));
  return Number(line?.[1] ?? 0) * 1024;
}

function readRollup(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  } catch {
    return "";
  }
}

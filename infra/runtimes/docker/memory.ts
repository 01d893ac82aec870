import { readdirSync, readFileSync } from "node:fs";
import type { Copy } from "../../copies/copy";
import { memoryOf } from "../../copies/memory";
import { askEngine } from "../../images/engine";
import { listContainers } from "./objects";

/**
 * Bytes that the processes in a copy's containers take together. Where the engine is on this machine, by their
 * proportional set size, in which the database's shared memory counts once; elsewhere what the engine says.
 */
export async function memory({ checkout, record }: Copy): Promise<number | undefined> {
  const containers = await listContainers(checkout, record.name);
  const ids = containers.filter(({ state }) => state === "running").map(({ id }) => id);
  if (ids.length === 0) return undefined;
  const pids = processesIn(ids);
  return pids.length > 0 ? memoryOf(pids) : statistics(ids);
}

/** One pass over the process table: a process belongs to the container whose id is in the path of its control group. */
function processesIn(ids: readonly string[]): number[] {
  const entries = directoryOf("/proc").filter((entry) => /^\d+$/.test(entry));
  return entries.map(Number).filter((pid) => {
    const groups = contentOf(`/proc/${pid}/cgroup`);
    return ids.some((id) => groups.includes(id));
  });
}

function directoryOf(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // no Linux
  }
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // ended meanwhile
  }
}

/** The units in which the engine's client prints sizes. */
const UNITS: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

async function statistics(ids: readonly string[]): Promise<number | undefined> {
  const { ok, output } = await askEngine(["stats", "--no-stream", "--format", "{{.MemUsage}}", ...ids]);
  if (!ok) return undefined;
  return output.split("\n").reduce((sum, line) => sum + bytesOf(line), 0);
}

/** `12.3MiB / 256MiB`: what is used, then the limit. */
function bytesOf(usage: string): number {
  const [, amount, unit = ""] = usage.match(/^([\d.]+)(\w+) \//) ?? [];
  return Number(amount ?? 0) * (UNITS[unit] ?? 1);
}

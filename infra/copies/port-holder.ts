import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";

/** proc(5), /proc/net/tcp: state 0A is LISTEN. */
const LISTEN = "0A";

/** Who listens on a port of this machine, in words, as far as this user may know. */
export function portHolder(port: number): string {
  const pid = existsSync("/proc/net/tcp") ? holderByProc(port) : holderByLsof(port);
  if (pid === undefined) return "another program (of another user, so its name cannot be seen)";
  return `${commandOf(pid)} (pid ${pid})`;
}

function holderByProc(port: number): number | undefined {
  const inodes = new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeningInodes(table, port)));
  const pids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
  const holder = pids.find((pid) => socketsOf(pid).some((inode) => inodes.has(inode)));
  return holder === undefined ? undefined : Number(holder);
}

/** A row is `sl local_address rem_address st ... inode`, the address as hex `ip:port`. */
function listeningInodes(table: string, port: number): string[] {
  if (!existsSync(table)) return [];
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  const rows = readFileSync(table, "utf8").split("\n").slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(`:${hexPort}`) && fields[3] === LISTEN)
    .flatMap((fields) => fields[9] ?? []);
}

function socketsOf(pid: string): string[] {
  const descriptors = orNothing(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  return descriptors.flatMap((fd) => {
    const target = orNothing(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? "";
    return target.startsWith("socket:[") ? [target.slice("socket:[".length, -1)] : [];
  });
}

/** A process or descriptor may be gone by now, or be another user's. */
function orNothing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

function holderByLsof(port: number): number | undefined {
  const options = ["-nP", "-t", `-iTCP:${port}`, "-sTCP:LISTEN"];
  const out = orNothing(() => execFileSync("lsof", options, { encoding: "utf8" }));
  return Number(out?.split("\n")[0]) || undefined;
}

function commandOf(pid: number): string {
  const line = orNothing(() => readFileSync(`/proc/${pid}/cmdline`, "utf8"));
  return line?.replaceAll("\0", " ").trim().slice(0, 120) || "a program";
}

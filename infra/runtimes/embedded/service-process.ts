import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ServiceEnvironment } from "rates/src/config";
import type { Copy } from "../../copies/copy";
import { graceMs } from "../../copies/environment";
import { tailOf } from "../../copies/log-tail";
import { Problem } from "../../copies/problem";
import {
  findProcesses,
  identifyProcess,
  isAlive,
  type ProcessIdentity,
  signalProcess,
} from "../../copies/process-identity";
import { writeFileAtomically } from "../../copies/registry";
import { SIZES } from "../../copies/sizes";

/** What runs as a copy's API, kept in `processes/api.json`. */
export interface ServiceRecord extends ProcessIdentity {
  readonly revision: string;
  /** Hash of everything the process was started with: another one means it has to be started anew. */
  readonly signature: string;
  /** How long, in ms, it is given to end in order: it may have a batch in flight. */
  readonly graceMs?: number;
}

export interface ServiceLaunch {
  /** The bundled service; the copy runs one of its own, so that a later build does not change it. */
  readonly bundle: string;
  readonly environment: ServiceEnvironment;
}

/** What a process has that nobody waits for, or that is known by its command line alone. */
const LEAST_GRACE_MS = 30_000;
/** The service waits for its database; by now infra knows that the database is there. */
const START_TIMEOUT_MS = 30_000;
const POLL_MS = 10;

export function serviceLog(copy: Copy): string {
  return join(copy.paths.logs, "api.log");
}

/** @returns undefined where no process runs. */
export function runningService(copy: Copy): ServiceRecord | undefined {
  const record = readRecord(copy);
  return record && isAlive(record) ? record : undefined;
}

function readRecord(copy: Pick<Copy, "paths">): ServiceRecord | undefined {
  try {
    return JSON.parse(readFileSync(recordFile(copy), "utf8")) as ServiceRecord;
  } catch {
    return undefined; // never started, or stopped
  }
}

/** Whether the copy's service runs and was started with just this. */
export function runsAs(copy: Copy, launch: ServiceLaunch): boolean {
  return runningService(copy)?.signature === signatureOf(launch, copy);
}

/** Starts the service, or leaves the running one be when it was started with just this. @returns whether it started. */
export async function ensureService(copy: Copy, launch: ServiceLaunch, signal?: AbortSignal): Promise<boolean> {
  const signature = signatureOf(launch, copy);
  const running = runningService(copy);
  if (running?.signature === signature) {
    await waitUntilReady(copy, running, signal);
    return false;
  }
  await stopService(copy, "finish");
  const revision = launch.environment.REVISION;
  const folder = join(copy.paths.revisions, revision);
  mkdirSync(folder, { recursive: true });
  for (const suffix of ["", ".map"]) copyFileSync(`${launch.bundle}${suffix}`, join(folder, `rates.js${suffix}`));
  const identity = startProcess(copy, join(folder, "rates.js"), launch.environment);
  writeFileAtomically(
    recordFile(copy),
    JSON.stringify({ ...identity, revision, signature, graceMs: graceMs(launch.environment) }),
  );
  try {
    await waitUntilReady(copy, identity, signal);
  } catch (error) {
    await stopService(copy, "leave");
    throw error;
  }
  removeOtherRevisions(copy, revision);
  return true;
}

/**
 * Ends every process of the copy, in order first: also one that a killed command started and never wrote down, found
 * by the copy's folder in its command line.
 * @param batches whether a batch in flight is waited for, up to its own limit
 */
export async function stopService(copy: Pick<Copy, "paths">, batches: "finish" | "leave"): Promise<void> {
  const grace = batches === "finish" ? readRecord(copy)?.graceMs : undefined;
  const pids = findProcesses(copy.paths.revisions);
  for (const pid of pids) signalProcess(pid, "SIGTERM");
  const deadline = Date.now() + (grace ?? LEAST_GRACE_MS);
  while (pids.some((pid) => identifyProcess(pid))) {
    if (Date.now() > deadline) for (const pid of pids) signalProcess(pid, "SIGKILL");
    await delay(POLL_MS);
  }
  rmSync(recordFile(copy), { force: true });
}

function startProcess(copy: Copy, bundle: string, environment: ServiceEnvironment): ProcessIdentity {
  mkdirSync(copy.paths.logs, { recursive: true });
  const log = openSync(serviceLog(copy), "a");
  const heap = `--max-old-space-size=${SIZES[copy.record.size].heapMiB}`;
  const child = spawn(process.execPath, ["--enable-source-maps", heap, bundle, "api"], {
    // Nothing of the caller's environment but what every program needs: a copy is what its record says.
    env: { ...environment, PATH: process.env["PATH"], TZ: "UTC", NODE_ENV: "production" },
    cwd: copy.paths.directory,
    detached: true,
    stdio: ["ignore", log, log],
  });
  child.unref();
  closeSync(log);
  const identity = child.pid === undefined ? undefined : identifyProcess(child.pid);
  if (!identity) throw new Problem(`The service of copy "${copy.record.name}" cannot be started.`);
  return identity;
}

async function waitUntilReady(copy: Copy, identity: ProcessIdentity, signal: AbortSignal | undefined): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await isReady(copy))) {
    signal?.throwIfAborted();
    const ended = isAlive(identity) ? undefined : "it ended";
    const reason = ended ?? (Date.now() > deadline ? `not ready within ${START_TIMEOUT_MS / 1000} s` : undefined);
    if (reason)
      throw new Problem(
        `The service of copy "${copy.record.name}" does not start: ${reason}.\n${tailOf(serviceLog(copy))}`,
      );
    await delay(POLL_MS);
  }
}

async function isReady({ record }: Copy): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${record.port}/ready`, { signal: AbortSignal.timeout(5_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false; // it listens only once it is ready
  }
}

function signatureOf({ environment }: ServiceLaunch, copy: Copy): string {
  const content = JSON.stringify([Object.entries(environment).sort(), process.version, SIZES[copy.record.size]]);
  return createHash("sha256").update(content).digest("hex");
}

function recordFile(copy: Pick<Copy, "paths">): string {
  return join(copy.paths.processes, "api.json");
}

function removeOtherRevisions(copy: Copy, revision: string): void {
  if (!existsSync(copy.paths.revisions)) return;
  for (const entry of readdirSync(copy.paths.revisions)) {
    if (entry !== revision) rmSync(join(copy.paths.revisions, entry), { recursive: true, force: true });
  }
}

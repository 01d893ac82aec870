import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import { type Connection, openConnection } from "../../copies/connection";
import { tailOf } from "../../copies/log-tail";
import { Problem } from "../../copies/problem";
import { findProcesses, identifyProcess, runsWith, signalProcess } from "../../copies/process-identity";
import { ensureSecret } from "../../copies/secrets";
import {
  type AccountKind,
  chooseAccount,
  commandFor,
  dataFolder,
  giveTo,
  makeFolder,
  reachableBinaries,
  spareFolder,
  spawnIdentity,
} from "./account";
import { findBinaries, type PostgresBinaries } from "./binaries";

/** A PostgreSQL server that runs now. */
export interface RunningServer {
  readonly pid: number;
  readonly port: number;
}

export interface StartOptions {
  readonly port: number;
  readonly signal?: AbortSignal | undefined;
  /** Further server settings, by name. */
  readonly settings?: Readonly<Record<string, string>>;
}

export const SUPERUSER = "postgres";
export const SERVER_HOST = "127.0.0.1";

/**
 * Connections: room for 50 copies of four pooled ones each, and as many for people and commands. TCP only, because a
 * checkout's path is easily longer than a socket's path may be (107 bytes).
 */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: SERVER_HOST,
  unix_socket_directories: "",
  max_connections: "400",
  timezone: "UTC",
  log_timezone: "UTC",
  log_line_prefix: "%m [%p] %d ",
};

/** A start after a crash replays at most one checkpoint's worth of log; a minute is far beyond that. */
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;
const POLL_MS = 15;

/** Above the highest pid that Linux (4,194,304) and macOS (99,999) give. */
const IMPOSSIBLE_PID = 2_000_000_000;

/** Said while the last sessions of a killed server are still ending; a moment later the same start works. */
const LINGERING = "pre-existing shared memory block";

export function serverLogFile(directory: string): string {
  return join(directory, "postgres.log");
}

export function superuserPasswordFile(directory: string): string {
  return join(directory, "superuser-password");
}

/** Makes the cluster when there is none. Killed half way, it leaves nothing that a later call takes for one. */
export async function initialiseServer(directory: string, signal?: AbortSignal): Promise<void> {
  const home = await prepareHome(directory);
  if (existsSync(home.cluster)) return;
  const unfinished = `${home.cluster}.unfinished`;
  // An initdb outlives the command that was killed; it must not write into the folder of the next one.
  await endProcesses(findProcesses(unfinished), "SIGKILL");
  rmSync(unfinished, { recursive: true, force: true });
  const passwordFile = handPasswordTo(home, ensureSecret(superuserPasswordFile(directory)));
  const [program, args] = commandFor(home.account, home.binaries.initdb, [
    ...["-D", unfinished, "-U", SUPERUSER, "-E", "UTF8", "--no-locale", "--no-sync"],
    ...["--auth=scram-sha-256", `--pwfile=${passwordFile}`],
  ]);
  const options = { ...spawnIdentity(home.account), cwd: home.folder, reject: false, all: true } as const;
  const done = await execa(program, args, signal ? { ...options, cancelSignal: signal } : options);
  rmSync(passwordFile, { force: true });
  signal?.throwIfAborted();
  if (done.failed) throw new Problem(`PostgreSQL cannot make its data folder ${home.cluster}:\n${done.all}`);
  renameSync(unfinished, home.cluster);
}

/** Starts the server and waits until it answers. @throws Problem with the end of its log when it does not. */
export async function startServer(directory: string, options: StartOptions): Promise<RunningServer> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const hasEnded = await launch(directory, options);
    const started = await waitUntilItAnswers({ directory, hasEnded, deadline, signal: options.signal });
    if (started) return started;
    await delay(POLL_MS);
  }
}

/** @returns a question: why the process ended, undefined while it runs. */
async function launch(directory: string, options: StartOptions): Promise<() => string | undefined> {
  const home = await prepareHome(directory);
  disownDeadServer(home.cluster);
  const settings = Object.entries({ ...SETTINGS, ...options.settings, port: String(options.port) });
  const [program, args] = commandFor(home.account, home.binaries.postgres, [
    ...["-D", home.cluster],
    ...settings.flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ]);
  const log = openSync(serverLogFile(directory), "a", 0o600);
  // Detached: Ctrl-C in the terminal that started it is meant for the command, never for the server.
  const child = spawn(program, args, {
    ...spawnIdentity(home.account),
    cwd: home.folder,
    detached: true,
    stdio: ["ignore", log, log],
  });
  child.unref();
  closeSync(log);
  let ended: string | undefined;
  child.once("error", (error) => {
    ended = error.message;
  });
  child.once("exit", (code, signal) => {
    ended = `it ended with ${signal ?? `exit code ${code}`}`;
  });
  return () => ended;
}

/**
 * A server that was killed stays in the process table until its parent has read its end, and a parent that never does
 * (many containers' first process) would block every start: PostgreSQL takes the entry for a live server. The pid in
 * the lock file is then replaced by one that cannot exist. The rest of the file stays, because PostgreSQL finds the old
 * server's shared memory by it and refuses to start while a session of that server still runs.
 */
function disownDeadServer(cluster: string): void {
  const file = join(cluster, "postmaster.pid");
  if (!existsSync(file)) return;
  const [pid, ...rest] = readFileSync(file, "utf8").split("\n");
  if (!runsWith(Number(pid), cluster)) writeFileSync(file, [IMPOSSIBLE_PID, ...rest].join("\n"));
}

/** @returns undefined where no server runs in the folder. */
export function runningServer(directory: string): RunningServer | undefined {
  const cluster = clusterOf(directory);
  try {
    // postmaster.pid: line 1 the pid, line 4 the port (PostgreSQL, src/include/utils/pidfile.h).
    const lines = readFileSync(join(cluster, "postmaster.pid"), "utf8").split("\n");
    const pid = Number(lines[0]);
    return runsWith(pid, cluster) ? { pid, port: Number(lines[3]) } : undefined;
  } catch {
    return undefined;
  }
}

/** Stops the server in order: sessions end, a checkpoint is written (PostgreSQL's "fast" shutdown). */
export async function stopServer(directory: string): Promise<void> {
  // By command line, because a server that has just been launched has no postmaster.pid yet. An initdb is ended too.
  await endProcesses(findProcesses(clusterOf(directory)), "SIGINT");
}

function clusterOf(directory: string): string {
  return join(existsSync(spareFolder(directory)) ? spareFolder(directory) : directory, "pgdata");
}

async function endProcesses(pids: readonly number[], signal: NodeJS.Signals): Promise<void> {
  for (const pid of pids) signalProcess(pid, signal);
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  for (let left = pids; left.length > 0; left = left.filter((pid) => identifyProcess(pid))) {
    if (Date.now() > deadline) throw new Problem(`PostgreSQL (pid ${left.join(", ")}) does not stop.`);
    await delay(POLL_MS);
  }
}

/** Removes a stopped server with all its data. */
export function removeServer(directory: string): void {
  rmSync(spareFolder(directory), { recursive: true, force: true });
  rmSync(directory, { recursive: true, force: true });
}

/** A connection as superuser. @throws Problem where the server does not run. */
export async function connectSuperuser(directory: string, database = "postgres"): Promise<Connection> {
  const running = runningServer(directory);
  if (!running) throw new Problem(`No PostgreSQL server runs in ${directory}.`);
  const password = ensureSecret(superuserPasswordFile(directory));
  return openConnection({ host: SERVER_HOST, port: running.port, user: SUPERUSER, password, database });
}

interface Wait {
  readonly directory: string;
  readonly hasEnded: () => string | undefined;
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

/** @returns undefined when the server has to be launched again. */
async function waitUntilItAnswers({ directory, hasEnded, deadline, signal }: Wait): Promise<RunningServer | undefined> {
  for (;;) {
    signal?.throwIfAborted();
    const running = runningServer(directory);
    if (running && (await answers(directory))) return running;
    const reason = hasEnded() ?? (Date.now() > deadline ? `no answer within ${START_TIMEOUT_MS / 1000} s` : undefined);
    if (reason) {
      const log = tailOf(serverLogFile(directory));
      if (log.includes(LINGERING) && Date.now() < deadline) return undefined;
      throw new Problem(`PostgreSQL does not start: ${reason}.\n${log}`);
    }
    await delay(POLL_MS);
  }
}

async function answers(directory: string): Promise<boolean> {
  try {
    await using client = await connectSuperuser(directory);
    return (await client.query("SELECT 1")).rowCount === 1;
  } catch {
    return false; // refused, or "the database system is starting up"
  }
}

interface ServerHome {
  readonly account: AccountKind;
  readonly binaries: PostgresBinaries;
  /** A folder the account owns. */
  readonly folder: string;
  /** PostgreSQL's data directory, in `folder`. */
  readonly cluster: string;
}

async function prepareHome(directory: string): Promise<ServerHome> {
  const account = await chooseAccount();
  const folder = dataFolder(account, directory);
  makeFolder("self", directory);
  makeFolder(account, folder);
  return {
    account,
    binaries: reachableBinaries(account, findBinaries(), folder),
    folder,
    cluster: join(folder, "pgdata"),
  };
}

/** initdb takes the password from a file that its account can read. */
function handPasswordTo(home: ServerHome, password: string): string {
  const file = join(home.folder, "initdb-password");
  rmSync(file, { force: true });
  writeFileSync(file, password, { mode: 0o600 });
  giveTo(home.account, file);
  return file;
}

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Connection } from "infra/copies/connection";
import { nextFreePort } from "infra/copies/ports";
import { identifyProcess, signalProcess } from "infra/copies/process-identity";
import {
  connectSuperuser,
  initialiseServer,
  removeServer,
  runningServer,
  SERVER_HOST,
  SUPERUSER,
  startServer,
  stopServer,
  superuserPasswordFile,
} from "infra/runtimes/embedded/postgres-server";
import { childrenOf } from "./process-tree";
import { createDatabase, type Template } from "./template";

/** Below the ports for outgoing connections and apart from those of copies. */
const TEST_PORTS = { first: 20_000, last: 20_999 };

/** A PostgreSQL server of a test's own, for tests that stop, kill or freeze it. */
export interface TestServer extends AsyncDisposable {
  readonly directory: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly passwordFile: string;
  /** @returns undefined while it does not run */
  pid(): number | undefined;
  /** The address of one of its databases, without password. */
  url(database: string): string;
  createDatabase(template: Template): Promise<string>;
  connect(database: string): Promise<Connection>;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** kill -9 of the server; its sessions end a moment later. */
  kill(): Promise<void>;
  /** SIGSTOP of the server and all its sessions: connections are accepted by the kernel and never answered. */
  pause(): void;
  resume(): void;
}

/**
 * Starts a server in a temporary folder; `await using` stops it and removes its data.
 * @param settings PostgreSQL's, by name
 */
export async function testServer(settings: Settings = SETTINGS): Promise<TestServer> {
  const directory = mkdtempSync(join(tmpdir(), "rates-test-server-"));
  await initialiseServer(directory);
  const { port } = await startServer(directory, { port: await freePort(), settings });
  return new OwnServer(directory, port, settings);
}

type Settings = Readonly<Record<string, string>>;

/** Tests are not about durability on power loss, and fsync is most of what a clone costs. */
const SETTINGS = { fsync: "off" };

/** A random place to begin, so that two test runs on one machine rarely reach for the same port. */
function freePort(): Promise<number> {
  const first = TEST_PORTS.first + Math.floor(Math.random() * 900);
  return nextFreePort({ range: { ...TEST_PORTS, first }, reserved: new Map() });
}

class OwnServer implements TestServer {
  readonly host = SERVER_HOST;
  readonly user = SUPERUSER;
  #paused: readonly number[] = [];

  constructor(
    readonly directory: string,
    readonly port: number,
    readonly settings: Settings,
  ) {}

  get passwordFile(): string {
    return superuserPasswordFile(this.directory);
  }

  pid(): number | undefined {
    return runningServer(this.directory)?.pid;
  }

  url(database: string): string {
    return `postgresql://${this.user}@${this.host}:${this.port}/${database}`;
  }

  createDatabase(template: Template): Promise<string> {
    return createDatabase(this.directory, template);
  }

  connect(database: string): Promise<Connection> {
    return connectSuperuser(this.directory, database);
  }

  stop(): Promise<void> {
    return stopServer(this.directory);
  }

  async start(): Promise<void> {
    await startServer(this.directory, { port: this.port, settings: this.settings });
  }

  async kill(): Promise<void> {
    const pid = this.pid();
    if (pid === undefined) return;
    signalProcess(pid, "SIGKILL");
    while (identifyProcess(pid)) await delay(5);
  }

  pause(): void {
    const pid = this.pid();
    this.#paused = pid === undefined ? [] : [pid, ...childrenOf(pid)];
    for (const each of this.#paused) signalProcess(each, "SIGSTOP");
  }

  resume(): void {
    for (const each of this.#paused) signalProcess(each, "SIGCONT");
    this.#paused = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.resume();
    await stopServer(this.directory);
    removeServer(this.directory);
  }
}

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Checkout } from "../../copies/checkout";
import { holdLockAt } from "../../copies/lock";
import { dataServerDirectory, locksDirectory, queueServerDirectory } from "../../copies/names";
import { promisePort } from "../../copies/port-ledger";
import { canBind, PORT_RANGES, type PortRange } from "../../copies/ports";
import { QUEUE_SETTINGS } from "../../copies/queue-settings";
import { isReadable, listRecords, writeFileAtomically } from "../../copies/registry";
import {
  initialiseServer,
  type RunningServer,
  removeServer,
  runningServer,
  startServer,
  stopServer,
} from "./postgres-server";

/** One of the PostgreSQL servers that all embedded copies of a checkout share. */
export interface SharedServer {
  /** As people read it: `data server`. */
  readonly title: string;
  readonly ports: PortRange;
  directory(checkout: Checkout): string;
  /** What PostgreSQL is told beyond what every server of ours is. */
  readonly settings: Readonly<Record<string, string>>;
}

export const DATA_SERVER: SharedServer = {
  title: "data server",
  ports: PORT_RANGES.database,
  directory: dataServerDirectory,
  settings: {},
};

export const QUEUE_SERVER: SharedServer = {
  title: "queue server",
  ports: PORT_RANGES.queue,
  directory: queueServerDirectory,
  settings: QUEUE_SETTINGS,
};

const SHARED_SERVERS = [DATA_SERVER, QUEUE_SERVER] as const;

/** A first start makes a cluster (1 s here, several on a slow disk) and another command may be at it already. */
const LOCK_WAIT_MS = 60_000;

/** A server of all embedded copies of a checkout, made and started when it is not there. */
export async function ensureServer(
  checkout: Checkout,
  server: SharedServer,
  signal?: AbortSignal,
): Promise<RunningServer> {
  const directory = server.directory(checkout);
  const running = runningServer(directory);
  if (running) return running;
  await using _lock = await holdServerLock(checkout, server, "start");
  await initialiseServer(directory, signal);
  const { settings } = server;
  const start = async () => startServer(directory, { port: await choosePort(checkout, server), settings, signal });
  return runningServer(directory) ?? (await start());
}

/**
 * Ends the servers when no other copy needs them, then does the caller's last step. All under their locks: of two
 * copies that leave at once, the second one sees the first one gone.
 * @param last what makes the leaving copy count as gone, for example removing its files
 */
export async function leaveServers(checkout: Checkout, leaving: string, last: () => void): Promise<void> {
  await using _data = await holdServerLock(checkout, DATA_SERVER, "stop");
  await using _queue = await holdServerLock(checkout, QUEUE_SERVER, "stop");
  // A copy whose record cannot be read may be running, and one in removal still has a database to drop.
  const needed = otherEmbedded(checkout, leaving).some((other) => !isReadable(other) || other.intent !== "stopped");
  if (!needed) await Promise.all(SHARED_SERVERS.map((server) => stopServer(server.directory(checkout))));
  last();
}

/** Removes the stopped servers with all their data. */
export function removeServers(checkout: Checkout): void {
  for (const server of SHARED_SERVERS) removeServer(server.directory(checkout));
}

/** The copies that may have a database in the servers, but for one. */
export function otherEmbedded(checkout: Checkout, leaving: string): ReturnType<typeof listRecords> {
  const others = listRecords(checkout).filter(({ name }) => name !== leaving);
  return others.filter((other) => !isReadable(other) || other.runtime === "embedded");
}

/** No copy can be called like the lock. */
function holdServerLock(checkout: Checkout, { title }: SharedServer, verb: string): Promise<AsyncDisposable> {
  const name = `.${title.replace(" ", "-")}`;
  const place = { directory: locksDirectory(checkout), name, title: `The ${title}` };
  return holdLockAt(place, { purpose: `${verb} the ${title}`, waitMs: LOCK_WAIT_MS });
}

/** The port it had before, so that the copies' addresses stay; another one when somebody took it meanwhile. */
async function choosePort(checkout: Checkout, server: SharedServer): Promise<number> {
  const directory = server.directory(checkout);
  const file = join(directory, "port");
  const before = existsSync(file) ? Number(readFileSync(file, "utf8")) : undefined;
  if (before && (await canBind(before))) return before;
  const owner = { file, title: `the ${server.title} of ${directory}` };
  const port = await promisePort({ owner, range: server.ports });
  writeFileAtomically(file, `${port}\n`);
  return port;
}

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Checkout } from "../../copies/checkout";
import { holdLockAt } from "../../copies/lock";
import { dataServerDirectory, locksDirectory } from "../../copies/names";
import { promisePort } from "../../copies/port-ledger";
import { canBind, PORT_RANGES } from "../../copies/ports";
import { isReadable, listRecords, writeFileAtomically } from "../../copies/registry";
import { initialiseServer, type RunningServer, runningServer, startServer, stopServer } from "./postgres-server";

/** A first start makes a cluster (1 s here, several on a slow disk) and another command may be at it already. */
const LOCK_WAIT_MS = 60_000;
/** No copy can be called so. */
const LOCK = ".data-server";

/** The one data server of all embedded copies of a checkout, made and started when it is not there. */
export async function ensureDataServer(checkout: Checkout, signal?: AbortSignal): Promise<RunningServer> {
  const directory = dataServerDirectory(checkout);
  const running = runningServer(directory);
  if (running) return running;
  await using _lock = await holdServerLock(checkout, "start the data server");
  await initialiseServer(directory, signal);
  return runningServer(directory) ?? (await startServer(directory, { port: await choosePort(directory), signal }));
}

/**
 * Ends the data server when no other copy needs it, then does the caller's last step. Both under one lock: of two
 * copies that leave at once, the second one sees the first one gone.
 * @param last what makes the leaving copy count as gone, for example removing its files
 */
export async function leaveDataServer(checkout: Checkout, leaving: string, last: () => void): Promise<void> {
  await using _lock = await holdServerLock(checkout, "stop the data server");
  // A copy whose record cannot be read may be running, and one in removal still has a database to drop.
  const needed = otherEmbedded(checkout, leaving).some((other) => !isReadable(other) || other.intent !== "stopped");
  if (!needed) await stopServer(dataServerDirectory(checkout));
  last();
}

/** The copies that may have a database in the server, but for one. */
export function otherEmbedded(checkout: Checkout, leaving: string): ReturnType<typeof listRecords> {
  const others = listRecords(checkout).filter(({ name }) => name !== leaving);
  return others.filter((other) => !isReadable(other) || other.runtime === "embedded");
}

function holdServerLock(checkout: Checkout, purpose: string): Promise<AsyncDisposable> {
  const place = { directory: locksDirectory(checkout), name: LOCK, title: "The data server" };
  return holdLockAt(place, { purpose, waitMs: LOCK_WAIT_MS });
}

/** The port it had before, so that the copies' addresses stay; another one when somebody took it meanwhile. */
async function choosePort(directory: string): Promise<number> {
  const file = join(directory, "port");
  const before = existsSync(file) ? Number(readFileSync(file, "utf8")) : undefined;
  if (before && (await canBind(before))) return before;
  const owner = { file, title: `the data server of ${directory}` };
  const port = await promisePort({ owner, range: PORT_RANGES.database });
  writeFileAtomically(file, `${port}\n`);
  return port;
}

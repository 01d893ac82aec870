import cluster from "node:cluster";
import { once } from "node:events";

/**
 * Parts from the process that hands out connections, if there is one. Those that it sent here after this process had
 * stopped listening go back to it and on to others; to exit before they are looked at would leave their clients waiting
 * for ever.
 */
export async function leaveCluster(): Promise<void> {
  const { worker } = cluster;
  if (!worker?.isConnected()) return;
  const left = once(worker, "disconnect");
  worker.disconnect();
  await left;
}

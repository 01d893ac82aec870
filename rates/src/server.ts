import { setTimeout as delay } from "node:timers/promises";
import { type App, createApp } from "./app";
import { type Config, longestDrainMs } from "./config";
import { leaveCluster } from "./leave-cluster";
import { WrongCopy } from "./platform/database/failure";
import { explanationOf } from "./platform/explanation";
import { OpenConnections } from "./platform/http/open-connections";
import type { Signals } from "./signals";

/** Pause between two attempts to reach the database at start, in ms: a copy is up that much later at most. */
const RETRY_PAUSE_MS = 100;
/** How often, in ms, a start that waits for the database says so. */
const NOTICE_INTERVAL_MS = 3_000;
/**
 * How long, in ms, a process that drains goes on as before, so that clients with open connections learn from an
 * answer's `Connection: close` that they are to take another. Nobody waits when no connection is open.
 */
const HANDOVER_MS = 100;
/** How long, in ms, the answer to the last batch has to reach its client when nothing else may take time any more. */
const LAST_ANSWER_MS = 1_000;

/**
 * Runs the API until a signal ends it: waits for the database, listens, serves, drains, and ends the process with 0,
 * or with 1 when the drain took longer than it may.
 * @throws {WrongCopy} when the database is another copy's, and what listening throws
 */
export async function serve(config: Config, signals: Signals): Promise<never> {
  const app = createApp(config);
  const { http, lifecycle } = app;
  const connections = new OpenConnections(http.server);
  const ended = firstSignal(app, signals);
  process.on("uncaughtException", (error) => {
    http.log.fatal({ err: error }, "ending: an error that nothing handles leaves nothing to rely on");
    process.exit(1);
  });
  const isReady = await Promise.race([Promise.all([untilDatabaseAnswers(app), http.ready()]), ended.then(() => false)]);
  if (isReady) {
    lifecycle.serve();
    await listen(app, config);
    await ended;
  }
  return await drain(app, connections, config);
}

async function listen({ http }: App, { HOST: host, PORT: port }: Config): Promise<void> {
  try {
    await http.listen({ host, port });
  } catch (cause) {
    throw isAddressInUse(cause)
      ? new Error(`PORT ${port} on HOST ${host} is taken: end what listens there or set another`)
      : cause;
  }
}

function isAddressInUse(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}

/** Resolves at the first signal; a second one ends the process at once. As process 1 there is no default. */
function firstSignal({ http }: App, signals: Signals): Promise<void> {
  return new Promise((resolve) => {
    let seen = 0;
    signals((signal) => {
      seen += 1;
      http.log.info({ signal }, seen === 1 ? "draining" : "second signal: ending at once");
      if (seen > 1) process.exit(1);
      resolve();
    });
  });
}

async function untilDatabaseAnswers({ database, http }: App): Promise<void> {
  let silentUntil = 0;
  for (;;) {
    try {
      return await database.check();
    } catch (error) {
      if (error instanceof WrongCopy) throw error;
      if (performance.now() >= silentUntil) {
        http.log.warn({ reason: explanationOf(error) }, "waiting for the database");
        silentUntil = performance.now() + NOTICE_INTERVAL_MS;
      }
      await delay(RETRY_PAUSE_MS);
    }
  }
}

/** The order matters: say it, let the routers act on it, finish what is in flight, and only then give up queue and database. */
async function drain(app: App, connections: OpenConnections, config: Config): Promise<never> {
  app.lifecycle.drain();
  limitDrain(app, connections, config);
  const consumed = app.queue?.stop();
  await handOver(app, connections, config);
  await connections.close();
  await leaveCluster();
  await consumed;
  await app.http.close();
  await Promise.all([app.database.close(), app.queue?.close()]);
  app.http.log.info("drained");
  process.exit(0);
}

/** Ends the process when requests take longer than DRAIN_TIMEOUT_MS; batches in flight have their own limit. */
function limitDrain({ http, batches }: App, connections: OpenConnections, config: Config): void {
  const giveUp = (limit: string) => {
    http.log.error({ connections: connections.count }, `not drained ${limit}: ending with requests in flight`);
    process.exit(1);
  };
  setTimeout(async () => {
    if (batches.running === 0) return giveUp(`within ${config.DRAIN_TIMEOUT_MS} ms`);
    http.log.info({ batches: batches.running }, "draining goes on until the batches in flight are done");
    await batches.untilIdle();
    setTimeout(giveUp, LAST_ANSWER_MS, `${LAST_ANSWER_MS} ms after the last batch`);
  }, config.DRAIN_TIMEOUT_MS);
  setTimeout(giveUp, longestDrainMs(config), `within ${longestDrainMs(config)} ms`);
}

/** Waits until no new work will be sent here. */
async function handOver({ probes }: App, connections: OpenConnections, { PROXY_GATE }: Config): Promise<void> {
  if (PROXY_GATE === "1" && probes.isKnown) await probes.untilProxyHeardOfDrain();
  else if (connections.count > 0) await delay(HANDOVER_MS);
}

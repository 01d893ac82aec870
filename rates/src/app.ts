import type { Config } from "./config";
import { createEvents } from "./events/events";
import { eventRoutes } from "./events/routes";
import { feedMetrics } from "./feed/metrics";
import { DataListener } from "./platform/database/data-listener";
import { DataVersion } from "./platform/database/data-version";
import { Database } from "./platform/database/database";
import { explanationOf } from "./platform/explanation";
import { Front } from "./platform/http/front";
import { createHttpApp, type HttpApp } from "./platform/http/http-app";
import { Lifecycle } from "./platform/http/lifecycle";
import type { LogTarget } from "./platform/http/log";
import { openapiRoutes } from "./platform/http/openapi";
import { Probes } from "./platform/http/probes";
import { platformRoutes } from "./platform/http/routes";
import { Metrics } from "./platform/metrics/metrics";
import { metricsRoutes } from "./platform/metrics/routes";
import { Queue } from "./platform/queue/queue";
import { AnswerCache } from "./prices/answer-cache";
import { Batches } from "./prices/batches/batches";
import { batchRoutes } from "./prices/batches/routes";
import { keptRates } from "./prices/kept-rates";
import { TotalsReader } from "./prices/queries";
import { pricesRoutes } from "./prices/routes";

/** The parts of one process. Nothing listens yet and no connection is open. */
export interface App {
  readonly http: HttpApp;
  readonly database: Database;
  /** Undefined where QUEUE_URL names none. */
  readonly queue: Queue | undefined;
  readonly lifecycle: Lifecycle;
  readonly probes: Probes;
  readonly batches: Pick<Batches, "running" | "untilIdle">;
}

interface AppOptions {
  readonly logTarget?: LogTarget;
  /** The built service, which the threads of this process run. */
  readonly threadFile?: string;
}

/** Puts the service together: each part gets what it needs, and each capability its routes. */
export function createApp(config: Config, { logTarget, threadFile = __filename }: AppOptions = {}): App {
  const lifecycle = new Lifecycle();
  const probes = new Probes();
  const onIdleError = (error: Error) =>
    http.log.warn({ reason: explanationOf(error) }, "an idle database connection was lost");
  const database = new Database(config, onIdleError);
  const queue =
    config.QUEUE_URL && new Queue(config, (what, error) => http.log.warn({ reason: explanationOf(error) }, what));
  const version = new DataVersion();
  const listener = new DataListener(config, version, (error) =>
    http.log.warn({ reason: explanationOf(error) }, "not listening to the database: answers are not kept meanwhile"),
  );
  const batches = new Batches({
    config,
    threadFile,
    onCommit: (committed) => version.note(committed),
    onIdleError,
    onThreadLost: (error) =>
      http.log.error({ err: error }, "the thread that takes batches failed; the next one starts another"),
  });
  const totals = new TotalsReader(database, { most: config.DATABASE_GATHER_MAX });
  const events = createEvents({ config, queue, onIdleError });
  const cache = new AnswerCache({ version, listener, mostBytes: config.RATES_CACHE_MAX_BYTES });
  const metrics = new Metrics({ revision: config.REVISION, pool: () => database.statistics });
  metrics.add(feedMetrics(database));
  const front = new Front({
    answers: keptRates(cache),
    revision: config.REVISION,
    lifecycle,
    observe: (answered) => metrics.observe(answered),
  });
  const http = createHttpApp({ config, lifecycle, logTarget, front }, addRoutes);
  if (config.RATES_CACHE_MAX_BYTES > 0) http.addHook("onListen", async () => listener.start());
  http.addHook("onClose", () => listener.stop());
  return { http, database, queue, lifecycle, probes, batches };

  function addRoutes(app: HttpApp): void {
    platformRoutes(app, { database, lifecycle, probes, isGated: config.PROXY_GATE === "1" });
    batchRoutes(app, { database, batches });
    eventRoutes(app, {
      database,
      ...events,
      mostBytes: config.EVENTS_MAX_BYTES,
      mostArrivingBytes: config.EVENTS_MAX_WAITING_BYTES,
    });
    pricesRoutes(app, { totals, cache, maxDays: config.RATES_MAX_DAYS });
    metricsRoutes(app, metrics);
    openapiRoutes(app, addRoutes);
  }
}

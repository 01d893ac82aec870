import { join } from "node:path";
import { loadConfig } from "rates/src/config";
import type { Checkout } from "../../copies/checkout";
import type { Copy, DatabaseAddress } from "../../copies/copy";
import { describeDump } from "../../copies/dump-source";
import { revisionOf, serviceEnvironment, sharedEnvironment } from "../../copies/environment";
import { keepEventFields } from "../../copies/event-fields";
import { memoryOf } from "../../copies/memory";
import { copyId, copyPaths, databaseName, pristineName } from "../../copies/names";
import { canBind } from "../../copies/ports";
import { Problem } from "../../copies/problem";
import { findProcesses } from "../../copies/process-identity";
import { isReadable, removeCopyFiles } from "../../copies/registry";
import { ensureSecret } from "../../copies/secrets";
import { SIZES } from "../../copies/sizes";
import { buildService, type ServiceBundle } from "../../images/api/bundle";
import { buildStep, emptyQueueStep, holdOrigin, inspectIntent, migrateCopy } from "../common";
import type { Inspection, LogRole, Runtime, Stage, Step, UpContext } from "../runtime";
import {
  type CopyDatabase,
  dropCopyDatabase,
  dropFormerDatabase,
  EMPTY,
  ensureCopyDatabase,
  resetCopyDatabase,
} from "./databases";
import { diagnose } from "./diagnosis";
import { runJob } from "./job";
import { printLog } from "./log-file";
import { connectSuperuser, runningServer, SERVER_HOST, serverLogFile } from "./postgres-server";
import { dropUnusedPristines, ensurePristine } from "./pristine";
import { ensureService, runningService, runsAs, type ServiceLaunch, serviceLog, stopService } from "./service-process";
import {
  DATA_SERVER,
  ensureServer,
  leaveServers,
  otherEmbedded,
  QUEUE_SERVER,
  removeServers,
  type SharedServer,
} from "./shared-server";

/** PostgreSQL from npm and the service as a process: all it needs is Node. */
export const embedded: Runtime = {
  name: "embedded",
  diagnose,
  up,
  reset,
  stop,
  remove,
  // Templates go with the last copy that was born from them.
  removeUnused: async () => [],
  inspect,
  memory: async (copy) => memoryOf(findProcesses(copy.paths.revisions)),
  database,
  queue,
  claim: async () => ({}),
  isFree: canBind,
  holdsPort: async (copy) => runningService(copy) !== undefined,
  logs: (copy, { role, ...request }) => printLog(logFile(copy, role), request),
  plan,
  run,
};

function up(context: UpContext): Stage[] {
  const built: { bundle?: ServiceBundle } = {};
  return [
    [buildStep(context, built), serverStep(context, DATA_SERVER), serverStep(context, QUEUE_SERVER)],
    [templateStep(context)],
    [databaseStep(context), queueStep(context)],
    [migrationsStep(context)],
    [serviceStep(context, built)],
  ];
}

function serverStep({ copy, signal }: UpContext, server: SharedServer): Step {
  return {
    title: server === DATA_SERVER ? "Data server" : "Queue server",
    async run() {
      const { port, pid } = await ensureServer(copy.checkout, server, signal);
      return `port ${port}, pid ${pid}`;
    },
  };
}

/** Empty also for a branch: messages are for the data they were sent to. */
function queueStep({ copy, signal }: UpContext): Step {
  return {
    title: "Queue",
    async run(report) {
      const password = ensureSecret(passwordFile(copy, "queue"));
      // Born whenever it is missing: a copy from before there was a queue gets one.
      const database = { ...copyDatabase(copy, EMPTY), password, birth: true };
      await ensureCopyDatabase(QUEUE_SERVER.directory(copy.checkout), database, { signal, report });
      return databaseName(copy.record.name);
    },
  };
}

function templateStep(context: UpContext): Step {
  const { copy } = context;
  const { intent, branch } = copy.record;
  return {
    title: "Data",
    async run(report) {
      if (intent !== "birth") return "kept";
      return branch ? `of copy "${branch.copy}"` : loadTemplate(context, report);
    },
  };
}

async function loadTemplate({ copy, signal }: UpContext, report: (detail: string) => void): Promise<string> {
  const { dump } = copy.record;
  const onProgress = (rows: number) => report(`${rows} rows`);
  await ensurePristine(DATA_SERVER.directory(copy.checkout), dump, { signal, onProgress });
  return describeDump(dump);
}

function databaseStep({ copy, signal }: UpContext): Step {
  const { checkout, record } = copy;
  return {
    title: "Database",
    async run(report) {
      const { branch } = record;
      const birthOfBranch = record.intent === "birth" && branch !== undefined;
      await using _held = birthOfBranch ? await holdOrigin(checkout, record.name, branch) : undefined;
      const template = birthOfBranch ? databaseName(branch.copy) : pristineName(record.dump.sha256);
      await ensureCopyDatabase(DATA_SERVER.directory(checkout), copyDatabase(copy, template), { signal, report });
      return databaseName(record.name);
    },
  };
}

function migrationsStep({ copy }: UpContext): Step {
  return { title: "Migrations", run: async () => migrateCopy(copy, await database(copy)) };
}

function copyDatabase(copy: Copy, template: string): CopyDatabase {
  const { name, id, intent } = copy.record;
  return { name, id, template, birth: intent === "birth", password: ensureSecret(passwordFile(copy, "database")) };
}

/** Its service stays: it takes up the other database with its next connections. */
function reset(context: UpContext, answer: Step): Stage[] {
  const { copy, signal } = context;
  const exchange: Step = {
    title: "Database",
    async run(report) {
      const database = copyDatabase(copy, pristineName(copy.record.dump.sha256));
      await resetCopyDatabase(DATA_SERVER.directory(copy.checkout), database, { signal, report });
      return databaseName(copy.record.name);
    },
  };
  const template: Step = { title: "Data", run: (report) => loadTemplate(context, report) };
  const servers = [DATA_SERVER, QUEUE_SERVER].map((server) => serverStep(context, server));
  const tidy: Step = {
    title: "Old data",
    async run() {
      await dropFormerDatabase(DATA_SERVER.directory(copy.checkout), copy.record.name);
      return "removed";
    },
  };
  return [servers, [template], [emptyQueueStep(copy, () => queue(copy))], [exchange], [answer, tidy]];
}

function serviceStep({ copy, signal }: UpContext, built: { bundle?: ServiceBundle }): Step {
  return {
    title: "Service",
    async run() {
      if (!built.bundle) throw new Error("the service is started before it is built");
      keepEventFields(copy);
      const launch = await wantedLaunch(copy, built.bundle);
      const started = await ensureService(copy, launch, signal);
      return `revision ${launch.environment.REVISION} on port ${copy.record.port}${started ? "" : ", running"}`;
    },
  };
}

/** The service a copy should run now: the code as it is in the checkout, and the settings as they are. */
async function wantedLaunch(copy: Copy, { file, hash }: ServiceBundle): Promise<ServiceLaunch> {
  const shared = sharedEnvironment(copy.checkout, copy.record);
  const revision = revisionOf(copy.record, hash, shared);
  const { apiProcesses: processes } = SIZES[copy.record.size];
  const place = {
    database: await database(copy),
    queue: await queue(copy),
    host: SERVER_HOST,
    port: copy.record.port,
    proxyGate: false,
    processes,
  };
  const environment = serviceEnvironment(copy, { shared, revision, ...place });
  loadConfig(environment); // so that a bad setting is told here and not in a log
  return { bundle: file, environment };
}

async function plan(copy: Copy): Promise<readonly string[]> {
  const stopped = stoppedServers(copy.checkout);
  if (stopped.length > 0) return [...stopped.map(({ title }) => `start the ${title}`), "start the service"];
  const launch = await wantedLaunch(copy, await buildService(copy.checkout.root));
  const running = runningService(copy);
  if (!running) return ["start the service"];
  const { REVISION: revision } = launch.environment;
  return runsAs(copy, launch) ? [] : [`replace the service: revision ${running.revision} by ${revision}`];
}

async function run(copy: Copy, command: readonly string[]): Promise<number> {
  keepEventFields(copy);
  const launch = await wantedLaunch(copy, await buildService(copy.checkout.root));
  return runJob(copy, launch, command);
}

async function stop(copy: Copy): Promise<void> {
  await stopService(copy, "finish");
  await leaveServers(copy.checkout, copy.record.name, () => {});
}

async function remove(checkout: Checkout, name: string): Promise<void> {
  await stopService({ paths: copyPaths(checkout, name) }, "leave");
  const others = otherEmbedded(checkout, name);
  if (others.length > 0) {
    const drop = async (server: SharedServer) => {
      await ensureServer(checkout, server);
      await dropCopyDatabase(server.directory(checkout), name, copyId(checkout, name, "any"));
    };
    await Promise.all([drop(DATA_SERVER), drop(QUEUE_SERVER)]);
    await dropUnusedPristines(
      DATA_SERVER.directory(checkout),
      others.filter(isReadable).map(({ dump }) => dump.sha256),
    );
  }
  await leaveServers(checkout, name, () => {
    if (otherEmbedded(checkout, name).length === 0) removeServers(checkout);
    removeCopyFiles(checkout, name);
  });
}

async function inspect(copy: Copy): Promise<Inspection> {
  const service = runningService(copy);
  const revision = service ? { revision: service.revision } : {};
  const known = inspectIntent(copy.record);
  if (known) return known.state === "unfinished" ? { ...known, ...revision } : known;
  const [stopped] = stoppedServers(copy.checkout);
  if (stopped) return { state: "broken", detail: `its ${stopped.title} does not run`, ...revision };
  const version = await serverVersion(copy.checkout);
  if (!service) return { state: "broken", detail: "its service does not run", serverVersion: version };
  return { state: "running", serverVersion: version, ...revision };
}

function database(copy: Copy): Promise<DatabaseAddress> {
  return addressIn(DATA_SERVER, copy, passwordFile(copy, "database"));
}

function queue(copy: Copy): Promise<DatabaseAddress> {
  return addressIn(QUEUE_SERVER, copy, passwordFile(copy, "queue"));
}

async function addressIn(
  { title, directory }: SharedServer,
  { checkout, record }: Copy,
  passwordFile: string,
): Promise<DatabaseAddress> {
  const server = runningServer(directory(checkout));
  if (!server) {
    throw new Problem(`The ${title} of copy "${record.name}" does not run. Start it: make up COPY=${record.name}`);
  }
  const name = databaseName(record.name);
  return { host: SERVER_HOST, port: server.port, database: name, user: name, passwordFile };
}

function stoppedServers(checkout: Checkout): SharedServer[] {
  return [DATA_SERVER, QUEUE_SERVER].filter(({ directory }) => !runningServer(directory(checkout)));
}

function logFile(copy: Copy, role: LogRole): string {
  if (role === "api") return serviceLog(copy);
  return serverLogFile((role === "queue" ? QUEUE_SERVER : DATA_SERVER).directory(copy.checkout));
}

function passwordFile({ paths }: Copy, store: "database" | "queue"): string {
  return join(paths.secrets, `${store}-password`);
}

async function serverVersion(checkout: Checkout): Promise<string> {
  await using client = await connectSuperuser(DATA_SERVER.directory(checkout));
  const { rows } = await client.query<{ server_version: string }>("SHOW server_version");
  return rows[0]?.server_version ?? "";
}

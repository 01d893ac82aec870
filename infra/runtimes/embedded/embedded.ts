import { join } from "node:path";
import { loadConfig } from "rates/src/config";
import type { Checkout } from "../../copies/checkout";
import type { Copy, DatabaseAddress } from "../../copies/copy";
import { revisionOf, serviceEnvironment, sharedEnvironment } from "../../copies/environment";
import { copyPaths, databaseName, dataServerDirectory } from "../../copies/names";
import { Problem } from "../../copies/problem";
import { isReadable, removeCopyFiles } from "../../copies/registry";
import { ensureSecret } from "../../copies/secrets";
import { buildService, type ServiceBundle } from "../../images/api/bundle";
import { buildStep, inspectIntent } from "../common";
import type { Inspection, LogRole, Runtime, Stage, Step, UpContext } from "../runtime";
import { ensureDataServer, leaveDataServer, otherEmbedded } from "./data-server";
import { dropCopyDatabase, dropUnusedPristines, ensureCopyDatabase, ensurePristine } from "./databases";
import { diagnose } from "./diagnosis";
import { runJob } from "./job";
import { printLog } from "./log-file";
import { connectSuperuser, removeServer, runningServer, SERVER_HOST, serverLogFile } from "./postgres-server";
import { ensureService, runningService, runsAs, type ServiceLaunch, serviceLog, stopService } from "./service-process";

/** PostgreSQL from npm and the service as a process: all it needs is Node. */
export const embedded: Runtime = {
  name: "embedded",
  diagnose,
  up,
  stop,
  remove,
  inspect,
  database,
  claim: async () => ({}),
  holdsPort: async (copy) => runningService(copy) !== undefined,
  logs: (copy, { role, ...request }) => printLog(logFile(copy, role), request),
  plan,
  run,
};

function up(context: UpContext): Stage[] {
  const built: { bundle?: ServiceBundle } = {};
  return [
    [buildStep(context, built), serverStep(context)],
    [templateStep(context)],
    [databaseStep(context)],
    [serviceStep(context, built)],
  ];
}

function serverStep({ copy, signal }: UpContext): Step {
  return {
    title: "PostgreSQL",
    async run() {
      const { port, pid } = await ensureDataServer(copy.checkout, signal);
      return `port ${port}, pid ${pid}`;
    },
  };
}

function templateStep({ copy, signal }: UpContext): Step {
  const { dump, intent } = copy.record;
  return {
    title: "Data",
    async run(report) {
      if (intent !== "birth") return "kept";
      const onProgress = (rows: number) => report(`${rows} rows`);
      await ensurePristine(dataServerDirectory(copy.checkout), dump, { signal, onProgress });
      return dump.path;
    },
  };
}

function databaseStep({ copy }: UpContext): Step {
  const { name, id, dump, intent } = copy.record;
  return {
    title: "Database",
    async run() {
      const password = ensureSecret(passwordFile(copy.checkout, name));
      const wanted = { name, id, birth: intent === "birth", dumpSha256: dump.sha256, password };
      await ensureCopyDatabase(dataServerDirectory(copy.checkout), wanted);
      return databaseName(name);
    },
  };
}

function serviceStep({ copy, signal }: UpContext, built: { bundle?: ServiceBundle }): Step {
  return {
    title: "Service",
    async run() {
      if (!built.bundle) throw new Error("the service is started before it is built");
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
  const place = { database: await database(copy), host: SERVER_HOST, port: copy.record.port, proxyGate: false };
  const environment = serviceEnvironment(copy, { shared, revision, ...place });
  loadConfig(environment); // so that a bad setting is told here and not in a log
  return { bundle: file, environment };
}

async function plan(copy: Copy): Promise<readonly string[]> {
  if (!runningServer(dataServerDirectory(copy.checkout))) return ["start the data server", "start the service"];
  const launch = await wantedLaunch(copy, await buildService(copy.checkout.root));
  const running = runningService(copy);
  if (!running) return ["start the service"];
  const { REVISION: revision } = launch.environment;
  return runsAs(copy, launch) ? [] : [`replace the service: revision ${running.revision} by ${revision}`];
}

async function run(copy: Copy, command: readonly string[]): Promise<number> {
  const launch = await wantedLaunch(copy, await buildService(copy.checkout.root));
  return runJob(copy, launch, command);
}

async function stop(copy: Copy): Promise<void> {
  await stopService(copy);
  await leaveDataServer(copy.checkout, copy.record.name, () => {});
}

async function remove(checkout: Checkout, name: string): Promise<void> {
  const directory = dataServerDirectory(checkout);
  await stopService({ paths: copyPaths(checkout, name) });
  const others = otherEmbedded(checkout, name);
  if (others.length > 0) {
    await ensureDataServer(checkout);
    await dropCopyDatabase(directory, name);
    await dropUnusedPristines(
      directory,
      others.filter(isReadable).map(({ dump }) => dump.sha256),
    );
  }
  await leaveDataServer(checkout, name, () => {
    if (otherEmbedded(checkout, name).length === 0) removeServer(directory);
    removeCopyFiles(checkout, name);
  });
}

async function inspect(copy: Copy): Promise<Inspection> {
  const service = runningService(copy);
  const revision = service ? { revision: service.revision } : {};
  const known = inspectIntent(copy.record);
  if (known) return known.state === "unfinished" ? { ...known, ...revision } : known;
  const version = await serverVersion(copy.checkout);
  if (!version) return { state: "broken", detail: "its data server does not run", ...revision };
  if (!service) return { state: "broken", detail: "its service does not run", serverVersion: version };
  return { state: "running", serverVersion: version, ...revision };
}

async function database(copy: Copy): Promise<DatabaseAddress> {
  const { checkout, record } = copy;
  const server = runningServer(dataServerDirectory(checkout));
  if (!server) {
    throw new Problem(`The data server of copy "${record.name}" does not run. Start it: make up COPY=${record.name}`);
  }
  const name = databaseName(record.name);
  const secret = passwordFile(checkout, record.name);
  return { host: SERVER_HOST, port: server.port, database: name, user: name, passwordFile: secret };
}

function logFile(copy: Copy, role: LogRole): string {
  return role === "api" ? serviceLog(copy) : serverLogFile(dataServerDirectory(copy.checkout));
}

function passwordFile(checkout: Checkout, name: string): string {
  return join(copyPaths(checkout, name).secrets, "database-password");
}

async function serverVersion(checkout: Checkout): Promise<string | undefined> {
  const directory = dataServerDirectory(checkout);
  if (!runningServer(directory)) return undefined;
  await using client = await connectSuperuser(directory);
  const { rows } = await client.query<{ server_version: string }>("SHOW server_version");
  return rows[0]?.server_version;
}

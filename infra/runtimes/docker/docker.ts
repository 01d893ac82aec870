import { readFileSync } from "node:fs";
import { execa } from "execa";
import type { Checkout } from "../../copies/checkout";
import { openCopyDatabase } from "../../copies/connection";
import { type Copy, ledgerOwner } from "../../copies/copy";
import { engineInUse } from "../../copies/engine-place";
import { jobEnvironment } from "../../copies/environment";
import { promise } from "../../copies/ledger";
import { promisePort } from "../../copies/port-ledger";
import { PORT_RANGES } from "../../copies/ports";
import { Problem } from "../../copies/problem";
import type { CopyRecord } from "../../copies/registry";
import { nextFreeSubnet } from "../../copies/subnets";
import { useEngine } from "../../images/engine";
import { apiGraceSeconds, GRACE_SECONDS } from "../../stacks/container";
import { inspectIntent } from "../common";
import type { Inspection, LogRequest, Runtime } from "../runtime";
import { databaseAddress, queueAddress } from "./address";
import { readDeployment } from "./deployment";
import { diagnose } from "./diagnosis";
import { memory } from "./memory";
import { engineSubnets } from "./networks";
import { type CopyContainer, listContainers } from "./objects";
import { isFree } from "./published-ports";
import { remove } from "./removal";
import { reset } from "./reset";
import { removeUnusedImages } from "./unused-images";
import { plan, up } from "./up";

/** A CDKTF stack per copy, applied by Terraform: PostgreSQL 13.5, the API and HAProxy as containers. */
export const docker: Runtime = {
  name: "docker",
  diagnose,
  claim,
  up,
  reset,
  stop,
  remove,
  removeUnused: removeUnusedImages,
  inspect,
  memory,
  database: async (copy) => databaseAddress(copy),
  queue: async (copy) => queueAddress(copy),
  isFree,
  holdsPort: async (copy) =>
    (await containersOf(copy)).some(({ role, state }) => role === "proxy" && state === "running"),
  logs,
  plan,
  run,
};

async function claim(checkout: Checkout, name: string): Promise<Partial<CopyRecord>> {
  const owner = ledgerOwner(checkout, name);
  const engine = engineInUse();
  const databasePort = await promisePort({ owner, range: PORT_RANGES.database, isFree });
  const queuePort = await promisePort({ owner, range: PORT_RANGES.queue, isFree });
  const others = await engineSubnets();
  const choose = (taken: ReadonlyMap<string, string>) => nextFreeSubnet([...taken.keys(), ...others]);
  const subnet = await promise({ kind: "subnet", use: "network", owner, choose });
  return { docker: { ...(engine ? { engine } : {}), databasePort, queuePort, subnet } };
}

/** The proxy first, so that it turns new requests away while the API finishes the ones it has. */
async function stop(copy: Copy): Promise<void> {
  const containers = await containersOf(copy);
  for (const roles of [["proxy"], ["api"], ["database", "queue"]]) {
    const ids = containers.filter((one) => roles.includes(one.role) && one.state === "running").map(({ id }) => id);
    const isApi = roles.includes("api");
    const grace = isApi ? apiGraceSeconds(readDeployment(copy)?.revision.environment ?? {}) : GRACE_SECONDS;
    if (ids.length > 0) await useEngine(["stop", "--time", String(grace), ...ids]);
  }
}

async function inspect(copy: Copy): Promise<Inspection> {
  const deployment = readDeployment(copy);
  const revision = deployment ? { revision: deployment.revision.revision } : {};
  const known = inspectIntent(copy.record);
  if (known) return known.state === "unfinished" ? { ...known, ...revision } : known;
  const detail = whatIsMissing(await containersOf(copy), deployment?.revision.revision);
  const version = await serverVersion(copy);
  const found = { ...revision, ...(version ? { serverVersion: version } : {}) };
  return detail ? { state: "broken", detail, ...found } : { state: "running", ...found };
}

function whatIsMissing(containers: readonly CopyContainer[], revision: string | undefined): string | undefined {
  const expected = [
    { role: "database", found: containers.filter(({ role }) => role === "database") },
    { role: "queue", found: containers.filter(({ role }) => role === "queue") },
    { role: "api", found: containers.filter((one) => one.role === "api" && one.revision === revision) },
    { role: "proxy", found: containers.filter(({ role }) => role === "proxy") },
  ];
  const complaints = expected.flatMap(({ role, found }) => {
    if (found.length === 0) return [`its ${role} container is gone`];
    return found.filter(({ state }) => state !== "running").map(({ name, state }) => `${name} is ${state}`);
  });
  return complaints.length > 0 ? complaints.join("; ") : undefined;
}

async function serverVersion(copy: Copy): Promise<string | undefined> {
  try {
    await using client = await openCopyDatabase(copy, databaseAddress(copy));
    const { rows } = await client.query<{ server_version: string }>("SHOW server_version");
    return rows[0]?.server_version;
  } catch {
    return undefined; // it does not run, or is starting
  }
}

async function logs(copy: Copy, { role, lines, follow }: LogRequest): Promise<void> {
  const container = (await containersOf(copy)).find((one) => one.role === role);
  if (!container) throw new Problem(`Copy "${copy.record.name}" has no ${role} container. Bring it up: make up`);
  const args = ["logs", "--tail", String(lines), ...(follow ? ["--follow"] : []), container.id];
  await execa("docker", args, { stdio: "inherit", reject: false, ...(follow ? { cancelSignal: follow } : {}) });
}

async function run(copy: Copy, command: readonly string[]): Promise<number> {
  const api = (await containersOf(copy)).find(({ role, state }) => role === "api" && state === "running");
  if (!api) throw new Problem(`No API container of copy "${copy.record.name}" runs. Bring it up: make up`);
  const settings = jobSettings(copy.checkout);
  const names = Object.keys(settings).flatMap((name) => ["--env", name]);
  const done = await execa("docker", ["exec", "--interactive", ...names, api.id, ...command], {
    env: settings,
    stdio: "inherit",
    reject: false,
  });
  return done.exitCode ?? 1;
}

/** Files of this machine are not in the container, so the key goes by the environment: docker's arguments name it alone. */
function jobSettings(checkout: Checkout): Readonly<Record<string, string>> {
  const { TARGET_API_KEY_FILE: file, ...settings } = jobEnvironment(checkout);
  return file === undefined ? settings : { ...settings, TARGET_API_KEY: readFileSync(file, "utf8").trim() };
}

function containersOf({ checkout, record }: Copy): Promise<CopyContainer[]> {
  return listContainers(checkout, record.name);
}

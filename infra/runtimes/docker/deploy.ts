import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Copy } from "../../copies/copy";
import { Problem } from "../../copies/problem";
import { askEngine } from "../../images/engine";
import { WAIT_TIMEOUT_SECONDS } from "../../stacks/container";
import type { WantedRevision } from "../../stacks/copy-stack";
import { copyStackName } from "../../stacks/stack-names";
import { migrateCopy } from "../common";
import { databaseAddress } from "./address";
import type { Source } from "./airgap";
import { isAsApplied, rememberApplied } from "./applied";
import { type Deployment, readDeployment, writeDeployment } from "./deployment";
import { type CopyContainer, listContainers, removeStrays } from "./objects";
import { stackProps, stateFile } from "./stack-props";
import {
  apply,
  type Changes,
  endStrayTerraform,
  type Fate,
  initialise,
  plan,
  type TerraformFolder,
} from "./terraform-run";

/** An inspection of five containers takes the engine 40 ms. */
const POLL_MS = 200;

export interface DeployRequest {
  readonly deployment: Deployment;
  readonly source: Source;
  readonly signal?: AbortSignal;
  report?(detail: string): void;
}

/**
 * Makes a copy's containers what the deployment says. Another revision is added beside the running one and replaces it
 * only when it is healthy, which includes that the proxy knows it; one that does not get there is removed again and the
 * running one goes on.
 * @returns whether anything had to be changed
 */
export async function deploy(copy: Copy, request: DeployRequest): Promise<boolean> {
  const { deployment } = request;
  const before = readDeployment(copy);
  await endStrayTerraform(stackFolder(copy), "keep");
  // The stacks' library takes a third of a second to load: meanwhile the engine is asked.
  await Promise.all([tidyUp(copy), import("../../stacks/synth.ts")]);
  const replaces = before !== undefined && before.revision.revision !== deployment.revision.revision;
  if (replaces) await addBeside(copy, request, before);
  const { terraform } = await configure(copy, request, [deployment.revision]);
  // A birth changes everything, so only a copy that was there is worth a question, which spares the apply.
  const same = before !== undefined && ((await isAsApplied(copy, terraform.folder)) || (await planIsEmpty(terraform)));
  if (!same) await applyOrExplain(copy, terraform);
  if (!same) await untilHealthy(copy, request.signal);
  writeDeployment(copy, deployment);
  await rememberApplied(copy, terraform.folder);
  return !same || replaces;
}

async function planIsEmpty(terraform: TerraformFolder): Promise<boolean> {
  return (await plan(terraform)).length === 0;
}

/** What a deployment would change, without changing anything. */
export async function planDeployment(copy: Copy, request: DeployRequest): Promise<Changes> {
  const { terraform } = await configure(copy, request, [request.deployment.revision]);
  return plan(terraform);
}

async function addBeside(copy: Copy, request: DeployRequest, before: Deployment): Promise<void> {
  const { revision } = request.deployment;
  const { terraform, addresses, database } = await configure(copy, request, [before.revision, revision]);
  const added = addresses.filter((address) => address.includes(revision.revision));
  try {
    // First the database: where it is stopped or gone, a revision that waits for it and for its schema never gets healthy.
    if (!(await databaseRuns(copy))) await applyOrExplain(copy, terraform, [database]);
    request.report?.(`migrations: ${await migrateCopy(copy, databaseAddress(copy))}`);
    await applyOrExplain(copy, terraform, added);
  } catch (error) {
    const old = await configure(copy, { ...request, deployment: before }, [before.revision]);
    await apply(old.terraform);
    throw error;
  }
}

async function databaseRuns({ checkout, record }: Copy): Promise<boolean> {
  const containers = await listContainers(checkout, record.name);
  return containers.some(({ role, state }) => role === "database" && state === "running");
}

/** Terraform says that a container did not get healthy; its log says why. */
async function applyOrExplain(copy: Copy, terraform: TerraformFolder, targets: readonly string[] = []): Promise<void> {
  try {
    await apply(terraform, targets);
  } catch (error) {
    terraform.signal?.throwIfAborted();
    if (error instanceof Error) error.message += await logsOfTheSick(copy);
    throw error;
  }
}

/**
 * Terraform waits for a container that it makes, but not for one that it starts again.
 * @throws Problem with the logs of those that do not get healthy
 */
async function untilHealthy(copy: Copy, signal: AbortSignal | undefined): Promise<void> {
  const deadline = Date.now() + WAIT_TIMEOUT_SECONDS * 1_000;
  for (;;) {
    signal?.throwIfAborted();
    const sick = (await sickContainers(copy)).filter(({ role }) => role !== "proxy");
    if (sick.length === 0) return;
    if (Date.now() > deadline) {
      const names = sick.map(({ name }) => name).join(", ");
      throw new Problem(`Not healthy within ${WAIT_TIMEOUT_SECONDS} s: ${names}${await logsOfTheSick(copy)}`);
    }
    await delay(POLL_MS);
  }
}

async function sickContainers({ checkout, record }: Copy): Promise<CopyContainer[]> {
  const containers = await listContainers(checkout, record.name);
  return containers.filter(({ role, state, health }) => {
    return role !== "secrets" && role !== "proxy-config" && (state !== "running" || health !== "healthy");
  });
}

async function logsOfTheSick(copy: Copy): Promise<string> {
  const logs = (await sickContainers(copy)).map(async ({ id, name }) => {
    const { all } = await askEngine(["logs", "--tail", "15", id]);
    return `\n\nThe end of the log of ${name}:\n${all.trim() || "(empty)"}`;
  });
  return (await Promise.all(logs)).join("");
}

interface Configured {
  readonly terraform: TerraformFolder;
  readonly addresses: readonly string[];
  readonly database: string;
}

async function configure(
  copy: Copy,
  request: DeployRequest,
  revisions: readonly WantedRevision[],
): Promise<Configured> {
  // Loaded when needed: it takes a third of a second, which most commands do without.
  const { synthCopy } = await import("../../stacks/synth.ts");
  const props = stackProps(copy, request.deployment.images, revisions);
  const { folder, addresses, database } = synthCopy(copy.paths.terraform, copy.record.name, props);
  const { source, signal, report } = request;
  const fate: Fate = copy.record.intent === "birth" ? "throw away" : "keep";
  const terraform = { folder, source, signal, fate, ...(report ? { report } : {}) };
  await initialise(terraform);
  return { terraform, addresses, database };
}

/** The volume of a branch holds the data it is born with before Terraform knows of it. */
async function tidyUp(copy: Copy): Promise<void> {
  const { checkout, record } = copy;
  const volumes = record.intent === "birth" && record.branch === undefined;
  await removeStrays(checkout, record.name, { stateFile: stateFile(copy), volumes });
}

function stackFolder({ paths, record }: Copy): string {
  return join(paths.terraform, "stacks", copyStackName(record.name));
}

import { existsSync, readFileSync } from "node:fs";
import type { Checkout } from "../../copies/checkout";
import { LABEL_CHECKOUT, LABEL_COPY, LABEL_REVISION, LABEL_ROLE, type Role } from "../../copies/docker-names";
import { askEngine, useEngine } from "../../images/engine";

/** A container of a copy as the engine knows it. */
export interface CopyContainer {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly revision: string | undefined;
  /** `running`, `exited`, `created` ... */
  readonly state: string;
  /** `healthy`, `unhealthy`, `starting`; undefined without a health check. */
  readonly health: string | undefined;
}

/** The kinds of object a copy has in the engine, in the order in which they can be removed. */
const KINDS = {
  container: { list: ["ps", "--all", "--no-trunc", "--quiet"], remove: ["rm", "--force", "--volumes"] },
  network: { list: ["network", "ls", "--no-trunc", "--quiet"], remove: ["network", "rm"] },
  volume: { list: ["volume", "ls", "--quiet"], remove: ["volume", "rm", "--force"] },
} as const;

type Kind = keyof typeof KINDS;

/** The copy's containers, running or not. */
export async function listContainers(checkout: Pick<Checkout, "id">, copy: string): Promise<CopyContainer[]> {
  const ids = await listObjects(checkout, copy, "container");
  if (ids.length === 0) return [];
  const { output } = await askEngine(["inspect", "--type", "container", ...ids]);
  return (JSON.parse(output || "[]") as Inspected[]).map(({ Id, Name, State, Config: { Labels } }) => ({
    id: Id,
    name: Name.replace(/^\//, ""),
    role: Labels[LABEL_ROLE] as Role,
    revision: Labels[LABEL_REVISION],
    state: State.Status,
    health: State.Health?.Status,
  }));
}

interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly State: { readonly Status: string; readonly Health?: { readonly Status: string } };
  readonly Config: { readonly Labels: Readonly<Record<string, string>> };
}

/** Every object of the copy with what it is and how it is, sorted: the same list means that nothing has changed. */
export async function snapshot(checkout: Pick<Checkout, "id">, copy: string): Promise<string[]> {
  const [containers, networks, volumes] = await Promise.all([
    listContainers(checkout, copy),
    listObjects(checkout, copy, "network"),
    listObjects(checkout, copy, "volume"),
  ]);
  return [...containers.map(({ id, state }) => `container ${id} ${state}`), ...networks, ...volumes].sort();
}

/**
 * Removes every object that carries the copy's labels, whoever made it, volumes with their data too. Containers are
 * killed: a copy that goes needs no orderly end.
 */
export async function removeObjects(checkout: Pick<Checkout, "id">, copy: string): Promise<void> {
  await sweep(checkout, copy, { known: new Set(), volumes: true });
}

/**
 * Removes the copy's objects that its Terraform state does not know: what a killed command made and could not write
 * down. They would hold names, ports and networks that the next apply needs.
 * @param volumes whether volumes too; they hold data, so only at birth
 */
export function removeStrays(
  checkout: Pick<Checkout, "id">,
  copy: string,
  { stateFile, volumes }: Strays,
): Promise<void> {
  return sweep(checkout, copy, { known: knownIds(stateFile), volumes });
}

export interface Strays {
  readonly stateFile: string;
  readonly volumes: boolean;
}

interface Sweep {
  /** Ids of what stays. */
  readonly known: ReadonlySet<string>;
  readonly volumes: boolean;
}

/** One call to the engine lists a kind and one removes it: the client's start is most of what a call takes. */
async function sweep(checkout: Pick<Checkout, "id">, copy: string, { known, volumes }: Sweep): Promise<void> {
  const kinds: Kind[] = ["container", "network", ...(volumes ? (["volume"] as const) : [])];
  const found = await Promise.all(kinds.map((kind) => listObjects(checkout, copy, kind)));
  for (const [index, kind] of kinds.entries()) {
    const strays = (found[index] ?? []).filter((id) => !known.has(id));
    if (strays.length > 0) await useEngine([...KINDS[kind].remove, ...strays]);
  }
}

async function listObjects({ id }: Pick<Checkout, "id">, copy: string, kind: Kind): Promise<string[]> {
  const filters = [`label=${LABEL_CHECKOUT}=${id}`, `label=${LABEL_COPY}=${copy}`];
  const output = await useEngine([...KINDS[kind].list, ...filters.flatMap((filter) => ["--filter", filter])]);
  return output.split("\n").filter((line) => line !== "");
}

/** Every id in the state. A state that cannot be read knows nothing, and all is made anew. */
function knownIds(stateFile: string): Set<string> {
  if (!existsSync(stateFile)) return new Set();
  try {
    const { resources } = JSON.parse(readFileSync(stateFile, "utf8")) as State;
    return new Set(resources.flatMap(({ instances }) => instances.map(({ attributes }) => attributes.id ?? "")));
  } catch {
    return new Set();
  }
}

interface State {
  readonly resources: readonly { readonly instances: readonly { readonly attributes: { readonly id?: string } }[] }[];
}

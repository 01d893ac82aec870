import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  type Artefact,
  artefactFolder,
  artefactKey,
  type BuildSeconds,
  ensureArtefact,
  holdCacheLock,
  type Work,
} from "../../artefacts/artefact";
import { Problem } from "../../copies/problem";
import { askEngine, useEngine } from "../engine";
import { type BaseName, PINS, standInName } from "../pins";
import { checkContract } from "./contract";
import { UNPACKING } from "./debian";
import { haproxy } from "./haproxy";
import { node } from "./node";
import { postgres } from "./postgres";
import type { Base } from "./recipe";
import { buildRoot, ROOT_ARCHIVE } from "./root";

/** To be counted up when the code that follows the recipes changes what comes out. */
const BUILDER = 1;

export const BASES: Readonly<Record<BaseName, Base>> = { postgres, node, haproxy };

/** Finds stand-ins in an engine, also one without a name whose import was cut short, and what was built on them. */
const LABEL = "LABEL rates.stand-in=1";

const TOOLS_OF = { maven: "mvn", npm: "npm" } as const;

/** What a stand-in is imported from: its root file system as an archive in the cache. */
export function standIn(base: BaseName): Artefact {
  const { recipe } = BASES[base];
  const { program } = recipe;
  return {
    name: `${base}-${PINS[base].version}`,
    recipe: { builder: BUILDER, label: LABEL, unpacking: UNPACKING, ...recipe },
    tools: ["apt-get", "dpkg-deb", "tar", "xz", ...(program ? [TOOLS_OF[program.from]] : [])],
    build: (folder, work) => buildRoot(recipe, folder, work),
  };
}

/** The stand-in's name in the engine, whether it is there or not. */
export function standInImage(base: BaseName): string {
  return standInName(base, artefactKey(standIn(base)));
}

/** What was done for a stand-in. */
export interface StandInReady {
  readonly image: string;
  readonly buildSeconds: BuildSeconds;
  readonly imported: boolean;
}

/** Builds the stand-in unless the cache has it, and imports it unless the engine has it. */
export async function ensureStandIn(base: BaseName, work: Work): Promise<StandInReady> {
  const buildSeconds = await ensureArtefact(standIn(base), work);
  return { image: standInImage(base), buildSeconds, imported: await importStandIn(base, work) };
}

/**
 * Imports a built stand-in where the engine does not have it. It gets its name last, once its contract is met: an
 * image of that name is always a whole and proven one.
 * @returns whether it had to be done
 * @throws Problem when the cache does not have it, or listing what of its contract is not met
 */
export async function importStandIn(base: BaseName, work: Work): Promise<boolean> {
  const image = standInImage(base);
  if (await hasImage(image)) return false;
  await using _lock = await holdCacheLock(`import-${base}-${artefactKey(standIn(base))}`, work);
  if (await hasImage(image)) return false;
  const archive = join(artefactFolder(standIn(base)), ROOT_ARCHIVE);
  if (!existsSync(archive)) throw new Problem(`The base image ${image} is not in the cache. Build it: make airgap`);
  await importProven({ archive, image, base: BASES[base] }, work);
  return true;
}

export interface Import {
  /** The root file system, as tar. */
  readonly archive: string;
  /** The name it gets. */
  readonly image: string;
  readonly base: Base;
}

/** @throws Problem listing what of the contract is not met; nothing of the image is then left in the engine */
export async function importProven({ archive, image, base }: Import, work: Work): Promise<void> {
  work.report("importing");
  const changes = [...base.recipe.settings, LABEL].flatMap((setting) => ["--change", setting]);
  const id = (await useEngine(["import", ...changes, archive], work)).trim();
  let breaches: readonly string[] = ["it was not checked to the end"];
  try {
    work.report("checking its contract");
    breaches = await checkContract(id, base.contract, work.signal);
  } finally {
    if (breaches.length > 0) await askEngine(["rmi", "--force", id]);
  }
  if (breaches.length > 0) throw new Problem(describeBreaches(image, breaches));
  await useEngine(["tag", id, image]);
}

function describeBreaches(image: string, breaches: readonly string[]): string {
  return (
    `The base image ${image} does not keep its contract:\n  ${breaches.join("\n  ")}\n` +
    "It was not kept. If a package has changed, its recipe in infra/images/base has to follow."
  );
}

async function hasImage(image: string): Promise<boolean> {
  return (await askEngine(["image", "inspect", "--format", "{{.Id}}", image])).ok;
}

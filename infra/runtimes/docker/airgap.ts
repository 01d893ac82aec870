import { type Artefact, isBuilt, type Work } from "../../artefacts/artefact";
import { cacheDirectory } from "../../artefacts/cache";
import { requirePlatform } from "../../artefacts/platform";
import { requireTools } from "../../artefacts/tools";
import { ensureStandIn, importStandIn, standIn, standInImage } from "../../images/base/stand-in";
import { requireEngine } from "../../images/engine";
import { BASE_NAMES, type BaseName, PINS } from "../../images/pins";
import type { Step } from "../runtime";
import { provider } from "./provider";
import { ensureProviderMirror, mirrorConfiguration, providerMirror } from "./provider-mirror";
import { askRegistries } from "./registries";

/** Where base images or the provider come from. */
export type Source = "registries" | "airgap";

/** What the cache has of what the docker runtime needs where no public registry answers. */
export interface AirgapState {
  readonly directory: string;
  readonly images: boolean;
  readonly provider: boolean;
  /** Names of what `make airgap` would build. */
  readonly missing: readonly string[];
}

/** Looks into the cache, nowhere else: a few milliseconds. What is there was complete and proven when it came there. */
export function airgapState(): AirgapState {
  const missing = artefacts().filter((artefact) => !isBuilt(artefact));
  const images = BASE_NAMES.every((base) => isBuilt(standIn(base)));
  const hasProvider = isBuilt(provider) && isBuilt(providerMirror());
  return { directory: cacheDirectory(), images, provider: hasProvider, missing: missing.map(({ name }) => name) };
}

/** Where the docker runtime gets what it needs on this machine; undefined where there is neither registry nor cache. */
export interface Sources {
  readonly images: Source | undefined;
  readonly provider: Source | undefined;
}

/** The registries wherever they answer, never mind the cache; the cache where they do not and it is complete. */
export async function chooseSources(): Promise<Sources> {
  const answers = await askRegistries();
  const state = airgapState();
  const choose = (kind: "images" | "provider") => (answers[kind] ? "registries" : state[kind] ? "airgap" : undefined);
  return { images: choose("images"), provider: choose("provider") };
}

/** The environment in which Terraform runs, whichever command it is given. */
export function terraformEnvironment(source: Source): Readonly<Record<string, string>> {
  // No question on the terminal, no advice on what to type next, no look for a newer version.
  const quiet = { CHECKPOINT_DISABLE: "1", TF_INPUT: "0", TF_IN_AUTOMATION: "1" };
  if (source === "registries") return quiet;
  // A plugin cache of the user's would take our build for the published one of that version, or the other way round.
  return { ...quiet, TF_CLI_CONFIG_FILE: mirrorConfiguration(), TF_PLUGIN_CACHE_DIR: "" };
}

/** The image to build on (`ARG BASE`): the public one, or its stand-in, imported where the engine lacks it. */
export async function baseImage(base: BaseName, source: Source, work: Work): Promise<string> {
  if (source === "registries") return PINS[base].reference;
  await importStandIn(base, work);
  return standInImage(base);
}

/**
 * What makes the cache complete and the engine know its images, as steps that may run side by side.
 * @throws Problem before anything is built, when the platform, a tool or the engine is missing
 */
export async function airgapSteps(signal: AbortSignal): Promise<readonly Step[]> {
  const missing = artefacts().filter((artefact) => !isBuilt(artefact));
  if (missing.length > 0) requirePlatform();
  requireTools(["docker", ...missing.flatMap(({ tools }) => tools)]);
  await requireEngine();
  return [providerStep(signal), ...BASE_NAMES.map((base) => imageStep(base, signal))];
}

function artefacts(): readonly Artefact[] {
  return [provider, providerMirror(), ...BASE_NAMES.map(standIn)];
}

function providerStep(signal: AbortSignal): Step {
  return {
    title: "Docker provider for Terraform",
    async run(report) {
      const seconds = await ensureProviderMirror({ signal, report });
      return seconds === undefined ? "in the cache" : `built in ${seconds.toFixed(1)} s`;
    },
  };
}

function imageStep(base: BaseName, signal: AbortSignal): Step {
  return {
    title: `In place of ${PINS[base].reference}`,
    async run(report) {
      const { image, buildSeconds, imported } = await ensureStandIn(base, { signal, report });
      const built = buildSeconds === undefined ? "" : `, built in ${buildSeconds.toFixed(1)} s`;
      return `${image}${built}, ${imported ? "imported" : "in the engine"}`;
    },
  };
}

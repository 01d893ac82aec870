import { findProgram } from "infra/artefacts/tools";
import type { RuntimeName } from "infra/copies/registry";
import { engineVersion } from "infra/images/engine";
import { airgapState, chooseSources } from "infra/runtimes/docker/airgap";
import { askRegistries } from "infra/runtimes/docker/registries";
import { terraformProgram } from "infra/runtimes/docker/terraform";
import type { TestContext } from "vitest";

/** What tests may find missing on a machine. */
interface Lack {
  /** What is missing, with the command that mends it; undefined where nothing is. */
  readonly find: () => Promise<string | undefined>;
  /** Why it need not be there, also where the runtime is required. */
  readonly excuse?: () => Promise<string | undefined>;
}

/** Runtimes whose tests may not be skipped: REQUIRE_RUNTIMES, separated by commas. CI sets it. */
function isRequired(runtime: RuntimeName | "docker"): boolean {
  return (process.env["REQUIRE_RUNTIMES"] ?? "").split(",").includes(runtime);
}

/**
 * For `beforeEach`: skips the test, saying why, where the machine lacks something, and fails it instead where
 * REQUIRE_RUNTIMES names the runtime.
 */
export function needs(runtime: RuntimeName | "docker", ...lacks: readonly Lack[]) {
  return async ({ skip }: TestContext): Promise<void> => {
    for (const lack of lacks) {
      const missing = await lack.find();
      if (!missing) continue;
      const excuse = await lack.excuse?.();
      if (isRequired(runtime) && !excuse) throw new Error(`REQUIRE_RUNTIMES names ${runtime}, and ${missing}`);
      skip(excuse ?? missing);
    }
  };
}

export const ENGINE: Lack = {
  find: async () => ((await engineVersion()) ? undefined : "no container engine answers; start one: .ci/engine"),
};

export const TERRAFORM: Lack = {
  find: async () => (findProgram(terraformProgram()) ? undefined : `${terraformProgram()} is not installed`),
};

/** Where base images come from: the public registry or the cache. */
export const BASE_IMAGES: Lack = {
  async find() {
    const { images } = await chooseSources();
    return images ? undefined : "no image registry answers and the airgap cache has no images; build them: make airgap";
  },
};

/** Where base images and the provider come from: the public registries or the cache, each for itself. */
export const SOURCES: Lack = {
  async find() {
    const { images, provider } = await chooseSources();
    const missing = [...(images ? [] : ["base images"]), ...(provider ? [] : ["the docker provider"])];
    if (missing.length === 0) return undefined;
    return `neither a public registry nor the airgap cache has ${missing.join(" and ")}; build them: make airgap`;
  },
};

/** All that a docker copy needs. */
export const DOCKER_COPY: readonly Lack[] = [ENGINE, TERRAFORM, SOURCES];

/**
 * What a docker copy would lack on this machine, for suites that bring one up before their first test.
 * @throws Error where REQUIRE_RUNTIMES names docker
 */
export async function dockerLacks(): Promise<string | undefined> {
  for (const { find } of DOCKER_COPY) {
    const missing = await find();
    if (missing && isRequired("docker")) throw new Error(`REQUIRE_RUNTIMES names docker, and ${missing}`);
    if (missing) return missing;
  }
  return undefined;
}

/** What `make airgap` builds. Where the public registries answer, nothing of it is used. */
export const AIRGAP: Lack = {
  async find() {
    const { missing } = airgapState();
    return missing.length === 0 ? undefined : `the airgap cache lacks ${missing.join(", ")}; build it: make airgap`;
  },
  async excuse() {
    const { images, provider } = await askRegistries();
    return images && provider ? "the public registries answer, so nothing is built from packages" : undefined;
  },
};

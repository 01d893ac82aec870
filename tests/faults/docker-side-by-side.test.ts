import { findCheckout } from "infra/copies/checkout";
import { useEngine } from "infra/images/engine";
import { listContainers } from "infra/runtimes/docker/objects";
import { beforeEach, describe } from "vitest";
import type { CopiesFolder } from "../support/copies";
import { leftoversOf } from "../support/engine-objects";
import { DOCKER_COPY, dockerLacks, needs } from "../support/runtimes";
import { atScale } from "../support/scale";
import { testSideBySide } from "./side-by-side-suite";

/** Sixty containers take a minute of two cores, which a pull request need not wait for. */
const COUNT = atScale({ ci: 5, full: 20 });

describe(`docker: ${COUNT} copies side by side do not touch each other`, () => {
  beforeEach(needs("docker", ...DOCKER_COPY));
  testSideBySide({
    runtime: "docker",
    count: COUNT,
    leftovers: leftoversOf,
    lacks: dockerLacks,
    killApi: killContainer,
  });
});

/** A killed process would be started again by the engine, which a copy is to be proud of; a killed container is not. */
async function killContainer({ path }: CopiesFolder, name: string): Promise<void> {
  const containers = await listContainers(findCheckout({ COPIES_DIR: path }), name);
  await useEngine(["kill", ...containers.filter(({ role }) => role === "api").map(({ id }) => id)]);
}

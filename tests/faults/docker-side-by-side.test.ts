import { findCheckout } from "infra/copies/checkout";
import { useEngine } from "infra/images/engine";
import { listContainers } from "infra/runtimes/docker/objects";
import { beforeEach, describe, expect, test } from "vitest";
import { type CopiesFolder, copiesFolder } from "../support/copies";
import { leftoversOf } from "../support/engine-objects";
import { expectReadmeAnswer } from "../support/readme-question";
import { DOCKER_COPY, dockerLacks, needs } from "../support/runtimes";
import { atScale } from "../support/scale";
import { testSideBySide } from "./side-by-side-suite";

/** Twenty is what must hold in a time and a memory, fifty what must come up at all. A pull request need not wait for them. */
const COUNTS = atScale({ ci: [4], full: [20, 50] });

const LIMIT_MS = 300_000;

describe.each(COUNTS)("docker: %i copies side by side do not touch each other", (count) => {
  beforeEach(needs("docker", ...DOCKER_COPY));
  testSideBySide({
    runtime: "docker",
    count,
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

describe("docker: two checkouts with a copy of the same name do not meet", () => {
  beforeEach(needs("docker", ...DOCKER_COPY));

  test(
    "both are up, both right, and the end of one is not noticed by the other",
    async () => {
      await using one = copiesFolder({ runtime: "docker" });
      await using other = copiesFolder({ runtime: "docker" });
      for (const { exitCode, all } of await Promise.all([one.copy(["up", "same"]), other.copy(["up", "same"])])) {
        expect(exitCode, all).toBe(0);
      }
      const [url, otherUrl] = [(await one.status("same"))?.url, (await other.status("same"))?.url];
      expect(url).not.toBe(otherUrl);
      await Promise.all([expectReadmeAnswer(url), expectReadmeAnswer(otherUrl)]);
      expect((await one.copy(["down", "same"])).exitCode).toBe(0);
      await expectReadmeAnswer(otherUrl);
      expect(await leftoversOf(one)).toEqual([]);
    },
    LIMIT_MS,
  );
});

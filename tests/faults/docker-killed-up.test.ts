import { beforeEach, describe } from "vitest";
import { leftoversOf } from "../support/engine-objects";
import { DOCKER_COPY, dockerLacks, needs } from "../support/runtimes";
import { KILLED_UP, testKilledUps } from "./killed-up-suite";

describe(`docker: ${KILLED_UP}`, () => {
  beforeEach(needs("docker", ...DOCKER_COPY));
  testKilledUps({ runtime: "docker", leftovers: leftoversOf, lacks: dockerLacks });
});

import { beforeEach, describe } from "vitest";
import { DOCKER_COPY, dockerLacks, needs } from "../support/runtimes";
import { testData } from "./data-suite";

describe("docker: reset, branches, parts of a dump, and how copies differ", () => {
  beforeEach(needs("docker", ...DOCKER_COPY));
  testData({ runtime: "docker", lacks: dockerLacks });
});

import { beforeEach, describe } from "vitest";
import { DOCKER_COPY, dockerLacks, needs } from "../support/runtimes";
import { testFields } from "./events-fields-suite";

describe("docker: names of event fields from a file of the user", () => {
  beforeEach(needs("docker", ...DOCKER_COPY));
  testFields({ runtime: "docker", lacks: dockerLacks });
});

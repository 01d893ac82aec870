import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { beforeEach, describe, expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/folder";
import { AIRGAP, ENGINE, needs } from "../../tests/support/runtimes";
import { findProgram } from "../artefacts/tools";
import { findCheckout } from "../copies/checkout";
import { terraformProgram } from "../runtimes/docker/terraform";

const COPY = join(findCheckout().root, "infra", "bin", "copy.js");

function copyAirgap(env: Readonly<Record<string, string>>) {
  return execa(process.execPath, [COPY, "airgap"], { env, reject: false, all: true });
}

describe("copy airgap", () => {
  test("names every tool that is missing at once, builds nothing, and exits 1", async () => {
    using folder = temporaryFolder();
    const cache = join(folder.path, "cache");
    const { exitCode, all } = await copyAirgap({ PATH: folder.path, AIRGAP_CACHE: cache });
    expect(exitCode).toBe(1);
    for (const tool of ["docker", "terraform", "go", "mvn", "npm", "apt-get", "dpkg-deb", "tar", "xz"]) {
      expect(all).toMatch(new RegExp(`^  ${tool}: .+`, "m"));
    }
    expect(all).not.toMatch(/^ +at /m);
    expect(existsSync(cache)).toBe(false);
  });

  test("says how to start an engine where none answers, before anything is built", async () => {
    using folder = temporaryFolder();
    const cache = join(folder.path, "cache");
    const programs = join(folder.path, "bin");
    mkdirSync(programs);
    for (const tool of ["docker", "terraform", "go", "mvn", "npm", "apt-get", "dpkg-deb", "tar", "xz"]) {
      symlinkSync("/bin/false", join(programs, tool));
    }
    const { exitCode, all } = await copyAirgap({ PATH: programs, AIRGAP_CACHE: cache, DOCKER_HOST: "" });
    expect(exitCode).toBe(1);
    expect(all).toContain("No container engine answers on this machine.");
    expect(all).toContain(".ci/engine");
    expect(existsSync(cache)).toBe(false);
  });

  describe("with a complete cache", () => {
    beforeEach(needs("docker", ENGINE, AIRGAP));

    test("finds everything done and needs none of the tools that build", async () => {
      using folder = temporaryFolder();
      symlinkSync(findProgram("docker") ?? "", join(folder.path, "docker"));
      const terraform = findProgram(terraformProgram()) ?? "";
      const { exitCode, all } = await copyAirgap({ PATH: folder.path, TERRAFORM_BIN: terraform });
      expect(exitCode, all).toBe(0);
      expect(all).not.toContain("built in");
    });
  });
});

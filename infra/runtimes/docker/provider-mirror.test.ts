import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { temporaryFolder } from "../../../tests/support/folder";
import { AIRGAP, needs, TERRAFORM } from "../../../tests/support/runtimes";
import { artefactFolder, type Work } from "../../artefacts/artefact";
import { terraformEnvironment } from "./airgap";
import { PROVIDER_PROGRAM, provider } from "./provider";
import { ensureProviderMirror, providerMirror } from "./provider-mirror";
import { scratchConfiguration, terraformProgram } from "./terraform";

const quiet: Work = { signal: new AbortController().signal, report: () => {} };

/** Port 1 answers nobody: whatever Terraform asks of a network is refused. */
const NO_NETWORK = { HTTPS_PROXY: "http://127.0.0.1:1", HTTP_PROXY: "http://127.0.0.1:1", NO_PROXY: "" };

function terraform(args: readonly string[], cwd: string) {
  const env = { ...NO_NETWORK, ...terraformEnvironment("airgap") };
  return execa(terraformProgram(), [...args, "-no-color"], { cwd, env, reject: false, all: true });
}

describe("the provider's filesystem mirror", () => {
  let folder: ReturnType<typeof temporaryFolder>;

  beforeEach(needs("docker", TERRAFORM));
  beforeEach(() => {
    folder = temporaryFolder("rates mirror ");
    vi.stubEnv("AIRGAP_CACHE", folder.path);
    // `init` installs a provider and runs none, so that any program will do.
    mkdirSync(artefactFolder(provider));
    writeFileSync(join(artefactFolder(provider), PROVIDER_PROGRAM), "#!/bin/sh\n", { mode: 0o755 });
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    folder?.[Symbol.dispose]();
  });

  test("is what `terraform init` installs from, with no network at all", async () => {
    await ensureProviderMirror(quiet);
    using configuration = scratchConfiguration("~> 4.5");
    const init = await terraform(["init"], configuration.path);
    expect(init.exitCode, init.all).toBe(0);
    expect(init.all).toContain("Installed kreuzwerker/docker v4.5.0");
    const locked = readFileSync(join(configuration.path, ".terraform.lock.hcl"), "utf8");
    expect(locked).toMatch(/version += "4\.5\.0"/);
    const providers = await execa(terraformProgram(), ["providers"], { cwd: configuration.path });
    expect(providers.stdout).toMatch(/provider\[[^\]]+\/kreuzwerker\/docker\] ~> 4\.5/);
  });

  test("is why: without it the same `init` fails", async () => {
    await ensureProviderMirror(quiet);
    rmSync(join(artefactFolder(providerMirror()), "providers"), { recursive: true });
    using configuration = scratchConfiguration("~> 4.5");
    expect((await terraform(["init"], configuration.path)).exitCode).not.toBe(0);
  });

  test("is made again, in no time, for another Terraform and for another cache folder", async () => {
    await ensureProviderMirror(quiet);
    expect(await ensureProviderMirror(quiet)).toBeUndefined();
    const here = artefactFolder(providerMirror());
    vi.stubEnv("TERRAFORM_BIN", "/another/tofu");
    expect(artefactFolder(providerMirror())).not.toBe(here);
  });
});

describe("the provider that was built", () => {
  beforeEach(needs("docker", TERRAFORM, AIRGAP));

  test("runs under Terraform and knows images, containers, networks, volumes and services", async () => {
    using configuration = scratchConfiguration("~> 4.5");
    const init = await terraform(["init"], configuration.path);
    expect(init.exitCode, init.all).toBe(0);
    const { stdout } = await terraform(["providers", "schema", "-json"], configuration.path);
    const { provider_schemas } = JSON.parse(stdout) as { provider_schemas: Record<string, Schema> };
    const known = Object.keys(Object.values(provider_schemas)[0]?.resource_schemas ?? {});
    const used = ["image", "container", "network", "volume", "service", "config", "secret"];
    expect(known).toEqual(expect.arrayContaining(used.map((name) => `docker_${name}`)));
  });
});

interface Schema {
  readonly resource_schemas: Readonly<Record<string, unknown>>;
}

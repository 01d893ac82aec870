import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { temporaryFolder } from "../../../tests/support/folder";
import { ENGINE, needs, TERRAFORM } from "../../../tests/support/runtimes";
import { artefactFolder, type Work } from "../../artefacts/artefact";
import { standIn } from "../../images/base/stand-in";
import { BASE_NAMES, PINS } from "../../images/pins";
import { airgapState, baseImage, chooseSources, terraformEnvironment } from "./airgap";
import { provider } from "./provider";
import { mirrorConfiguration, providerMirror } from "./provider-mirror";
import { askRegistries, type RegistryAnswers } from "./registries";

const quiet: Work = { signal: new AbortController().signal, report: () => {} };

let folder: ReturnType<typeof temporaryFolder>;

beforeEach(() => {
  folder = temporaryFolder();
  vi.stubEnv("AIRGAP_CACHE", folder.path);
});

afterEach(() => {
  vi.unstubAllEnvs();
  folder[Symbol.dispose]();
});

const images = () => BASE_NAMES.map(standIn);
const providers = () => [provider, providerMirror()];

function complete(artefacts: readonly Parameters<typeof artefactFolder>[0][]): void {
  for (const artefact of artefacts) mkdirSync(artefactFolder(artefact), { recursive: true });
}

describe("the state of the airgap cache", () => {
  test("names everything where there is nothing", () => {
    const state = airgapState();
    expect(state).toMatchObject({ directory: folder.path, images: false, provider: false });
    expect(state.missing).toEqual([...providers(), ...images()].map(({ name }) => name));
  });

  test("knows the images from the provider", () => {
    complete(images());
    expect(airgapState()).toMatchObject({ images: true, provider: false });
    complete(providers());
    expect(airgapState()).toMatchObject({ images: true, provider: true, missing: [] });
  });

  test("is not complete with one image missing, or with the provider built and not laid out", () => {
    complete([...images().slice(1), provider]);
    expect(airgapState()).toMatchObject({ images: false, provider: false });
    expect(airgapState().missing).toEqual([providerMirror().name, standIn("postgres").name]);
  });
});

describe("where images and provider come from", () => {
  beforeEach(needs("docker", ENGINE, TERRAFORM));

  /** As if the registries had just answered so. */
  async function answered(answers: RegistryAnswers): Promise<void> {
    await askRegistries();
    const memory = join(folder.path, "registries.json");
    writeFileSync(memory, JSON.stringify({ ...JSON.parse(readFileSync(memory, "utf8")), answers }));
  }

  test.each([
    { answers: { images: true, provider: true }, cached: true, sources: ["registries", "registries"] },
    { answers: { images: true, provider: true }, cached: false, sources: ["registries", "registries"] },
    { answers: { images: false, provider: false }, cached: true, sources: ["airgap", "airgap"] },
    { answers: { images: false, provider: false }, cached: false, sources: [undefined, undefined] },
    { answers: { images: true, provider: false }, cached: true, sources: ["registries", "airgap"] },
    { answers: { images: false, provider: true }, cached: false, sources: [undefined, "registries"] },
  ])("registries $answers, cache complete: $cached, gives $sources", async ({ answers, cached, sources }) => {
    await answered(answers);
    if (cached) complete([...images(), ...providers()]);
    const [imageSource, providerSource] = sources;
    expect(await chooseSources()).toEqual({ images: imageSource, provider: providerSource });
  });
});

describe("what later steps are given", () => {
  test("from the registries: the public image, and Terraform as the user has configured it", async () => {
    expect(await baseImage("postgres", "registries", quiet)).toBe(PINS.postgres.reference);
    expect(terraformEnvironment("registries")).not.toHaveProperty("TF_CLI_CONFIG_FILE");
  });

  test("from the cache: Terraform with the mirror's configuration, asking nobody for newer versions", () => {
    const environment = terraformEnvironment("airgap");
    expect(environment).toMatchObject({ TF_CLI_CONFIG_FILE: mirrorConfiguration(), CHECKPOINT_DISABLE: "1" });
    expect(mirrorConfiguration().startsWith(folder.path)).toBe(true);
  });

  test("from a cache that is empty: a Problem with the command that fills it", async () => {
    vi.stubEnv("DOCKER_HOST", "tcp://127.0.0.1:1");
    await expect(baseImage("postgres", "airgap", quiet)).rejects.toThrow("make airgap");
  });
});

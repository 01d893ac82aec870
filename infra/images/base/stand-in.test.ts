import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../tests/support/folder";
import { AIRGAP, ENGINE, needs } from "../../../tests/support/runtimes";
import { artefactFolder, type Work } from "../../artefacts/artefact";
import { askEngine, useEngine } from "../engine";
import { BASE_NAMES, PINS } from "../pins";
import { node } from "./node";
import type { Base } from "./recipe";
import { ROOT_ARCHIVE } from "./root";
import { importProven, importStandIn, standIn, standInImage } from "./stand-in";

const quiet: Work = { signal: new AbortController().signal, report: () => {} };

/** Starting PostgreSQL in a container takes some 3 s, on a busy machine a multiple of that. */
const CONTRACT_TIMEOUT_MS = 120_000;

describe("a stand-in in the engine", { timeout: CONTRACT_TIMEOUT_MS }, () => {
  beforeEach(needs("docker", ENGINE, AIRGAP));

  test("is found there the second time", async () => {
    await importStandIn("haproxy", quiet);
    expect(await importStandIn("haproxy", quiet)).toBe(false);
  });

  test("is what a Dockerfile builds on, by the name that ARG BASE carries", async () => {
    await importStandIn("haproxy", quiet);
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "Dockerfile"), "ARG BASE\nFROM $BASE\nRUN id -u > /tmp/uid && haproxy -v\n");
    const args = ["build", "--quiet", "--build-arg", `BASE=${standInImage("haproxy")}`, folder.path];
    const id = (await useEngine(args)).trim();
    const uid = await useEngine(["run", "--rm", "--network", "none", id, "cat", "/tmp/uid"]);
    await useEngine(["rmi", id]);
    expect(uid).toBe("99");
  });
});

describe("the name of a stand-in", () => {
  test.each(BASE_NAMES)("of %s is never that of a public image, and says base, version and recipe", (base) => {
    const image = standInImage(base);
    expect(image).toMatch(new RegExp(`^rates-base/${base}:${PINS[base].version}-[0-9a-f]{12}$`));
    expect(image).not.toBe(PINS[base].reference);
    expect(artefactFolder(standIn(base)).endsWith(image.slice(image.lastIndexOf("-")))).toBe(true);
  });
});

describe("an image that does not keep its contract", { timeout: CONTRACT_TIMEOUT_MS }, () => {
  const image = `rates-base/test:${process.pid}`;
  // A label of its own, because others may be using the engine meanwhile.
  const label = `rates.test=${process.pid}`;
  const base: Base = { ...node, recipe: { ...node.recipe, settings: [`LABEL ${label}`] } };
  const stored = () => useEngine(["image", "ls", "--all", "--quiet", "--filter", `label=${label}`]);

  beforeEach(needs("docker", ENGINE, AIRGAP));
  afterAll(async () => void (await askEngine(["rmi", "--force", image])));

  test("gets no name and does not stay in the engine; the Problem lists the clauses", async () => {
    const archive = join(artefactFolder(standIn("haproxy")), ROOT_ARCHIVE);
    await expect(importProven({ archive, image, base }, quiet)).rejects.toThrow(/node 24 on the PATH/);
    expect(await stored()).toBe("");
  });

  test("does not stay either when nothing in it runs", async () => {
    using folder = temporaryFolder();
    const archive = join(folder.path, "root.tar");
    await execa("tar", ["-c", "-f", archive, "-T", "/dev/null"]);
    await expect(importProven({ archive, image, base }, quiet)).rejects.toThrow("sleep");
    expect(await stored()).toBe("");
  });

  test("stays, under its name, once the contract is one that it keeps", async () => {
    const archive = join(artefactFolder(standIn("haproxy")), ROOT_ARCHIVE);
    const [shell] = node.contract;
    await importProven({ archive, image, base: { ...base, contract: shell ? [shell] : [] } }, quiet);
    expect(await stored()).not.toBe("");
    expect((await askEngine(["image", "inspect", image])).ok).toBe(true);
  });
});

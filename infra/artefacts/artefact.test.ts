import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { temporaryFolder } from "../../tests/support/folder";
import { findCheckout } from "../copies/checkout";
import { type Artefact, artefactFolder, ensureArtefact, isBuilt, type Work } from "./artefact";

const quiet: Work = { signal: new AbortController().signal, report: () => {} };

describe("an artefact of the cache", () => {
  let folder: ReturnType<typeof temporaryFolder>;

  beforeEach(() => {
    folder = temporaryFolder();
    vi.stubEnv("AIRGAP_CACHE", join(folder.path, "cache"));
  });

  afterEach(() => {
    vi.unstubAllEnvs();
    folder[Symbol.dispose]();
  });

  /** Writes one line a build to a file outside the cache, and one file into the artefact. */
  function counted(build: Artefact["build"] = async () => {}): Artefact & { builds(): number } {
    const log = join(folder.path, "builds");
    writeFileSync(log, "");
    return {
      name: "thing",
      recipe: { version: 1 },
      tools: [],
      async build(into, work) {
        appendFileSync(log, "x");
        writeFileSync(join(into, "content"), "whole");
        await build(into, work);
      },
      builds: () => readFileSync(log, "utf8").length,
    };
  }

  const left = () => readdirSync(join(folder.path, "cache")).filter((name) => name !== ".locks");

  test("is built once, however many ask at once", async () => {
    const artefact = counted();
    const seconds = await Promise.all(Array.from({ length: 8 }, () => ensureArtefact(artefact, quiet)));
    expect(artefact.builds()).toBe(1);
    expect(seconds.filter((each) => each !== undefined)).toHaveLength(1);
    expect(readFileSync(join(artefactFolder(artefact), "content"), "utf8")).toBe("whole");
  });

  test("is built once by two commands at once", async () => {
    const log = join(folder.path, "processes");
    await Promise.all([buildInProcess(log), buildInProcess(log)]);
    expect(readFileSync(log, "utf8")).toBe("x");
    expect(left()).toHaveLength(1);
  });

  test("of another recipe is another one", async () => {
    const artefact = counted();
    await ensureArtefact(artefact, quiet);
    const changed = { ...artefact, recipe: { version: 2 } };
    expect(isBuilt(changed)).toBe(false);
    await ensureArtefact(changed, quiet);
    expect(artefact.builds()).toBe(2);
    expect(left()).toHaveLength(2);
  });

  test("whose build fails leaves nothing, and the next try builds it", async () => {
    const artefact = counted(async (into) => {
      if (artefact.builds() === 1) throw new Error(`no ${existsSync(into)}`);
    });
    await expect(ensureArtefact(artefact, quiet)).rejects.toThrow("no true");
    expect(left()).toEqual([]);
    await ensureArtefact(artefact, quiet);
    expect(isBuilt(artefact)).toBe(true);
  });

  test("whose build is interrupted is not there, even when the build does not notice", async () => {
    const interruption = new AbortController();
    const artefact = counted(async () => interruption.abort(new Error("Ctrl-C")));
    const work = { ...quiet, signal: interruption.signal };
    await expect(ensureArtefact(artefact, work)).rejects.toThrow("Ctrl-C");
    expect(left()).toEqual([]);
  });

  test("removes what a killed build of its own has left, and nothing else", async () => {
    const artefact = counted();
    const killed = `${artefactFolder(artefact)}.0badcafe.unfinished`;
    const others = join(folder.path, "cache", "another-thing.0badcafe.unfinished");
    for (const path of [killed, others]) mkdirSync(path, { recursive: true });
    await ensureArtefact(artefact, quiet);
    expect(existsSync(killed)).toBe(false);
    expect(existsSync(others)).toBe(true);
  });

  test("whose tools are missing is refused before anything is made", async () => {
    const artefact: Artefact = { ...counted(), tools: ["go", "mvn"] };
    vi.stubEnv("PATH", folder.path);
    await expect(ensureArtefact(artefact, quiet)).rejects.toThrow(/go: .*\n.*mvn: apt-get install maven/);
    expect(left()).toEqual([]);
  });
});

/** A command of its own that takes long enough for another one to meet it. */
async function buildInProcess(log: string): Promise<void> {
  const code = `
    const { ensureArtefact } = require("./infra/artefacts/artefact");
    const { appendFileSync } = require("node:fs");
    const build = async () => {
      appendFileSync(${JSON.stringify(log)}, "x");
      await new Promise((resolve) => setTimeout(resolve, 3000));
    };
    const work = { signal: new AbortController().signal, report: () => {} };
    ensureArtefact({ name: "thing", recipe: {}, tools: [], build }, work);
  `;
  const args = ["-r", "ts-node/register/transpile-only", "-e", code];
  await execa(process.execPath, args, { cwd: findCheckout().root });
}

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { temporaryFolder } from "../tests/support/folder";
import { KNOWN_PASSWORD, writeKnownCopy } from "../tests/support/known-copy";
import { findCheckout } from "./copies/checkout";

const { root } = findCheckout();

/** Loading the library takes most of a second on an idle machine and many times that on a busy one, for each process. */
const LIMIT_MS = 180_000;

let folder: ReturnType<typeof temporaryFolder>;

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(() => folder[Symbol.dispose]());

/** Runs the app in a process of its own, with no engine to ask. @returns the stacks' JSON by name */
async function synthesise(outdir: string, preload: readonly string[] = []): Promise<Record<string, unknown>> {
  const required = ["ts-node/register/transpile-only", ...preload].flatMap((module) => ["--require", module]);
  const env = {
    COPIES_DIR: join(folder.path, "copies"),
    CDKTF_OUTDIR: join(folder.path, outdir),
    DOCKER_HOST: "tcp://127.0.0.1:1",
  };
  await execa(process.execPath, [...required, join(root, "infra", "main.ts")], { cwd: root, env });
  return readStacks(outdir);
}

function readStacks(outdir: string): Record<string, unknown> {
  const stacks = join(folder.path, outdir, "stacks");
  const read = (name: string) => JSON.parse(readFileSync(join(stacks, name, "cdk.tf.json"), "utf8"));
  return Object.fromEntries(readdirSync(stacks).map((name) => [name, read(name)]));
}

describe("the CDKTF app", { timeout: LIMIT_MS }, () => {
  test("where there is no copy yields the images and dev, as cdktf.json runs it, and makes no copy", async () => {
    const { app } = JSON.parse(readFileSync(join(root, "cdktf.json"), "utf8")) as { app: string };
    const [program = "", ...args] = app.split(" ");
    const copies = join(folder.path, "copies");
    const env = { COPIES_DIR: copies, CDKTF_OUTDIR: join(folder.path, "out"), DOCKER_HOST: "tcp://127.0.0.1:1" };
    await execa(program, args, { cwd: root, env });
    expect(Object.keys(readStacks("out")).sort()).toEqual(["copy-dev", "rates-images"]);
    expect(existsSync(copies)).toBe(false);
  });

  test("yields every known docker copy as it was deployed, and no dev that nobody asked for", async () => {
    for (const name of ["qa", "staging"]) writeKnownCopy(join(folder.path, "copies"), name, "small");
    const stacks = await synthesise("out");
    expect(Object.keys(stacks).sort()).toEqual(["copy-qa", "copy-staging", "rates-images"]);
    expect(JSON.stringify(stacks["copy-qa"])).toContain("REVISION=aaaaaaaaaaaa");
    expect(JSON.stringify(stacks)).not.toContain(KNOWN_PASSWORD);
  });

  test("yields the same JSON with cdktf's fork cdktn in its place, but for the library's own version", async () => {
    writeKnownCopy(join(folder.path, "copies"), "qa", "full");
    const original = await synthesise("original");
    const fork = await synthesise("fork", [join(root, "tests", "support", "cdktn-alias.js")]);
    expect(versionsOf(fork)).not.toEqual(versionsOf(original)); // or the alias did nothing
    expect(withoutVersion(fork)).toEqual(withoutVersion(original));
  });
});

type Stacks = Readonly<Record<string, unknown>>;

function versionsOf(stacks: Stacks): unknown[] {
  return Object.values(stacks).map((stack) => (stack as Stamped)["//"].metadata.version);
}

function withoutVersion(stacks: Stacks): unknown {
  return JSON.parse(JSON.stringify(stacks), (key, value) => (key === "version" && /^\d/.test(value) ? "" : value));
}

interface Stamped {
  readonly "//": { readonly metadata: { readonly version: string } };
}

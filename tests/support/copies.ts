import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa, type Options, type ResultPromise } from "execa";
import type { CopyStatus } from "infra/cli/status";
import { findCheckout } from "infra/copies/checkout";
import type { Connection } from "infra/copies/connection";
import { LABEL_CHECKOUT } from "infra/copies/docker-names";
import { findProcesses } from "infra/copies/process-identity";
import type { RuntimeName } from "infra/copies/registry";
import { askEngine } from "infra/images/engine";
import { connectTo } from "../copy";

const ROOT = findCheckout().root;

/** Far beyond a birth on a loaded machine: a command that hangs is a failure, not a wait. */
const COMMAND_TIMEOUT_MS = 120_000;

/** A folder of copies of a test's own: what it does never meets the copies of whoever runs the tests. */
export interface CopiesFolder extends AsyncDisposable {
  readonly path: string;
  /** Starts the `copy` command; the result tells exit code and output and never throws. */
  copy(args: readonly string[], options?: Options): Command;
  /** `copy status --json`, one entry, without what changes by itself. */
  status(name: string): Promise<Omit<CopyStatus, "memory_bytes"> | undefined>;
  /** Connects to a copy's database as `copy vars` tells a user to. */
  connect(name: string): Promise<Connection>;
  /** What is left on this machine of any copy: files, and processes by their command lines. */
  leftovers(): string[];
}

/** A running `copy` command; awaited, its exit code and output. */
export type Command = ResultPromise<{ reject: false; all: true; encoding: "utf8" }>;

export interface CopiesOptions {
  /** Another checkout whose `copy` is run. */
  readonly root?: string;
  /** The runtime of copies that are born here. */
  readonly runtime?: RuntimeName;
  /** May hold spaces: a path like that has to work. */
  readonly name?: string;
}

export function copiesFolder(options: CopiesOptions = {}): CopiesFolder {
  const { root = ROOT, runtime = "embedded", name = "rates copies " } = options;
  const path = mkdtempSync(join(tmpdir(), name));
  const copy = (args: readonly string[], settings: Options = {}) =>
    execa(process.execPath, [join(root, "infra", "bin", "copy.js"), ...args], {
      cwd: root,
      timeout: COMMAND_TIMEOUT_MS,
      ...settings,
      env: { COPIES_DIR: path, RUNTIME: runtime, ...settings.env },
      reject: false,
      all: true,
    }) as Command;
  const json = async (args: readonly string[]) => JSON.parse((await copy([...args, "--json"])).stdout ?? "null");
  return {
    path,
    copy,
    async status(name) {
      const found = ((await json(["status"])) as CopyStatus[]).find((status) => status.name === name);
      if (!found) return undefined;
      const { memory_bytes: _changing, ...status } = found;
      return status;
    },
    connect: async (name) => connectTo((await json(["vars", name])) as Record<string, string>),
    leftovers: () => [...files(path), ...findProcesses(path).map((pid) => `process ${pid}`)],
    async [Symbol.asyncDispose]() {
      await copy(["down-all", "--confirm"]);
      if (runtime === "docker") await removeImages(findCheckout({ COPIES_DIR: path }).id);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Images outlive their copies, for the next one; a folder of copies that is gone has no next one. */
async function removeImages(checkoutId: string): Promise<void> {
  const { output } = await askEngine(["images", "--quiet", "--filter", `label=${LABEL_CHECKOUT}=${checkoutId}`]);
  const ids = [...new Set(output.split("\n").filter((line) => line !== ""))];
  if (ids.length > 0) await askEngine(["rmi", "--force", ...ids]);
}

/** `await using` ends a command that runs until Ctrl-C, also when the test fails before it would. */
export function interrupting(command: Command): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      command.kill("SIGINT");
      await command;
    },
  };
}

/** @returns what the command has printed so far, each time it is asked. */
export function collect(command: Command): () => string {
  let text = "";
  command.all.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  return () => text;
}

function files(path: string): string[] {
  try {
    return readdirSync(path, { recursive: true, encoding: "utf8" });
  } catch {
    return []; // the last copy takes the folder along
  }
}

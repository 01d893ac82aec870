import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { holdLockAt } from "../copies/lock";
import { cacheDirectory } from "./cache";
import { requireTools, type ToolName } from "./tools";

/** Something built once per user and recipe, kept as a folder in the cache: complete or not there. */
export interface Artefact {
  /** Readable, fit for a folder's name: `postgres-13.5`. */
  readonly name: string;
  /** Everything that decides what comes out, as JSON: versions and our own constants. Another recipe, another folder. */
  readonly recipe: object;
  /** What has to be installed for a build. */
  readonly tools: readonly ToolName[];
  /** Fills the folder. What it throws away is removed with the folder when it fails. */
  build(folder: string, work: Work): Promise<void>;
}

/** What long work is given: when to stop, and where to say how far it is. */
export interface Work {
  readonly signal: AbortSignal;
  report(detail: string): void;
}

/** Longer than the longest build (the provider: minutes on two busy cores); a killed builder's lock is free at once. */
const LOCK_WAIT_MS = 30 * 60_000;

const UNFINISHED = ".unfinished";

/** Twelve hex digits of the recipe's SHA-256: part of folder and image names. */
export function artefactKey({ recipe }: Pick<Artefact, "recipe">): string {
  return createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 12);
}

/** Where the artefact lies once it is built. */
export function artefactFolder(artefact: Pick<Artefact, "name" | "recipe">): string {
  return join(cacheDirectory(), `${artefact.name}-${artefactKey(artefact)}`);
}

export function isBuilt(artefact: Pick<Artefact, "name" | "recipe">): boolean {
  return existsSync(artefactFolder(artefact));
}

/** How long the build took; undefined where nothing had to be done. */
export type BuildSeconds = number | undefined;

/**
 * Builds the artefact unless it is there. Of two commands at once one builds and the other waits for it; a build that
 * fails, is interrupted or killed leaves nothing that is later taken for the artefact.
 */
export async function ensureArtefact(artefact: Artefact, work: Work): Promise<BuildSeconds> {
  if (isBuilt(artefact)) return undefined;
  await using _lock = await holdCacheLock(`${artefact.name}-${artefactKey(artefact)}`, work);
  if (isBuilt(artefact)) return undefined;
  requireTools(artefact.tools);
  const begun = performance.now();
  await buildInto(artefactFolder(artefact), artefact, work);
  return (performance.now() - begun) / 1000;
}

/** A lock that commands of all checkouts of this user share. */
export function holdCacheLock(name: string, { signal, report }: Work): Promise<AsyncDisposable> {
  const directory = join(cacheDirectory(), ".locks");
  return holdLockAt(
    { directory, name, title: name },
    {
      purpose: "airgap",
      waitMs: LOCK_WAIT_MS,
      signal,
      onWait: ({ purpose, pid }) => report(`waiting for "copy ${purpose}" (pid ${pid})`),
    },
  );
}

async function buildInto(folder: string, artefact: Artefact, work: Work): Promise<void> {
  removeUnfinished(folder);
  // A name of its own for every try: what a killed build's orphans still write is never in the next one's folder.
  const unfinished = `${folder}.${randomBytes(4).toString("hex")}${UNFINISHED}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    await artefact.build(unfinished, work);
    work.signal.throwIfAborted();
    renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** Called under the lock, so whatever build these belong to is dead. */
function removeUnfinished(folder: string): void {
  const name = folder.slice(cacheDirectory().length + 1);
  const left = readdirSync(cacheDirectory()).filter((entry) => entry.startsWith(name) && entry.endsWith(UNFINISHED));
  for (const entry of left) rmSync(join(cacheDirectory(), entry), { recursive: true, force: true });
}

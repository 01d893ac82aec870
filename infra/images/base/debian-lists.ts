import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Artefact, artefactFolder, ensureArtefact, type Work } from "../../artefacts/artefact";
import { cacheDirectory } from "../../artefacts/cache";
import { runCommand } from "../../artefacts/command";

/** Builds side by side read one set of lists; an older set may name packages that have been replaced since. */
const FRESH_MS = 10 * 60_000;

/** No build reads lists for that long. */
const USELESS_MS = 60 * 60_000;

const NAME = "debian-lists";

/** Where apt works: lists that builds share, and a folder of the build's own. */
export interface AptFolders {
  readonly lists: string;
  readonly scratch: string;
}

/**
 * apt's view of the world kept apart from the system's: lists of our own, so that no root is needed and nothing stale
 * is used; no sandbox user, who could not write into somebody's cache; neither translations nor app descriptions.
 */
export function aptOptions({ lists, scratch }: AptFolders): string[] {
  const settings = {
    "Dir::State": scratch,
    "Dir::State::status": join(scratch, "status"),
    "Dir::State::lists": lists,
    "Dir::Cache": scratch,
    "Debug::NoLocking": "1",
    "APT::Sandbox::User": "",
    "Acquire::Languages": "none",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

/** Fetches Debian's package lists as this machine's sources name them, once for all builds. @returns their folder */
export async function ensureLists(scratch: string, work: Work): Promise<string> {
  const lists: Artefact = {
    name: NAME,
    recipe: { period: Math.floor(Date.now() / FRESH_MS) },
    tools: ["apt-get"],
    build: (folder) => fetchLists({ lists: folder, scratch }, work),
  };
  await ensureArtefact(lists, work);
  return artefactFolder(lists);
}

/** A source that does not answer is no failure while another one does: what is missing shows when it is asked for. */
async function fetchLists(folders: AptFolders, work: Work): Promise<void> {
  work.report("Debian's package lists");
  removeUseless();
  mkdirSync(join(folders.lists, "partial"));
  const args = ["-qq", ...aptOptions(folders), "update"];
  try {
    await runCommand({ what: "Fetching Debian's package lists", program: "apt-get", args, cwd: folders.scratch }, work);
  } catch (error) {
    work.signal.throwIfAborted();
    if (!readdirSync(folders.lists).some((file) => file.includes("_Packages"))) throw error;
  }
}

function removeUseless(): void {
  const sets = readdirSync(cacheDirectory()).filter((entry) => entry.startsWith(`${NAME}-`));
  for (const path of sets.map((entry) => join(cacheDirectory(), entry))) {
    if (existsSync(path) && Date.now() - statSync(path).mtimeMs > USELESS_MS)
      rmSync(path, { recursive: true, force: true });
  }
}

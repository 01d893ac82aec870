import { chmodSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Work } from "../../artefacts/artefact";
import { runCommand } from "../../artefacts/command";
import { writeAccounts } from "./accounts";
import { unpackPackages } from "./debian";
import { unpackProgram } from "./program";
import type { BaseRecipe } from "./recipe";

export const ROOT_ARCHIVE = "root.tar";

/** The versions that went into the root, for whoever asks what an image is made of. */
const MANIFEST = "packages.txt";

/** Writable by everybody, and nobody removes what is another's. */
const OPEN_MODE = 0o1777;

/** Mount points and homes that no package brings. */
const FOLDERS = ["dev", "proc", "sys", "run", "root", "etc", "var", "home"];

/**
 * Makes a root file system and packs it as an archive that the engine imports. Owners and times in it are fixed, so
 * the same packages give the same archive whoever builds it; nothing has to be run as root.
 */
export async function buildRoot(recipe: BaseRecipe, folder: string, work: Work): Promise<void> {
  const root = join(folder, "root");
  mkdirSync(root);
  const packages = await unpackPackages(recipe.packages, root, work);
  writeFileSync(join(folder, MANIFEST), `${packages.join("\n")}\n`);
  if (recipe.program) await unpackProgram(recipe.program, root, work);
  furnish(recipe, root);
  await linkBusybox(root, work);
  await pack(root, join(folder, ROOT_ARCHIVE), work);
  rmSync(root, { recursive: true });
}

function furnish({ accounts, openFolders, links }: BaseRecipe, root: string): void {
  const homes = accounts.map(({ home }) => home);
  for (const name of [...FOLDERS, ...homes]) mkdirSync(join(root, name), { recursive: true });
  link(root, "/var/run", "../run");
  writeAccounts(root, accounts);
  for (const name of ["/tmp", "/var/tmp", ...openFolders]) {
    mkdirSync(join(root, name), { recursive: true });
    chmodSync(join(root, name), OPEN_MODE);
  }
  for (const [place, target] of Object.entries(links)) link(root, place, target);
}

/** Its applets are the shell and the tools, except where a package has brought the real one. */
async function linkBusybox(root: string, work: Work): Promise<void> {
  const program = join(root, "bin", "busybox");
  const listed = await runCommand({ what: "Listing busybox's tools", program, args: ["--list"], cwd: root }, work);
  const taken = new Set(["bin", "sbin"].flatMap((folder) => readdirSync(join(root, "usr", folder))));
  for (const name of listed.split("\n")) if (!taken.has(name)) link(root, `/usr/bin/${name}`, "busybox");
}

function link(root: string, place: string, target: string): void {
  mkdirSync(dirname(join(root, place)), { recursive: true });
  symlinkSync(target, join(root, place));
}

async function pack(root: string, archive: string, work: Work): Promise<void> {
  work.report("packing");
  const fixed = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  const args = ["-c", ...fixed, "-f", archive, "-C", root, "."];
  await runCommand({ what: "Packing the root file system", program: "tar", args, cwd: root }, work);
}

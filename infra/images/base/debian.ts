import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Work } from "../../artefacts/artefact";
import { runCommand } from "../../artefacts/command";
import { DEBIAN_RELEASE } from "../../artefacts/platform";
import { aptOptions, ensureLists } from "./debian-lists";

/**
 * Dependencies that serve a package's installation scripts, which are not run here. apt is told that they are there, so
 * that it neither fetches them nor Perl behind them.
 */
const NOT_UNPACKED: readonly string[] = [
  ...["adduser", "debconf", "dpkg", "init-system-helpers", "lsb-base"],
  ...["postgresql-client-common", "readline-common", "sensible-utils"],
];

/** Directories that Debian keeps once, under /usr, with a link in their old place; packages still name both. */
const MERGED = ["bin", "sbin", "lib", "lib64"];

/** What packages bring for readers, not for programs. */
const DOCUMENTS = ["doc", "doc-base", "man", "info", "lintian", "bug", "locale"];

/** What decides, beside the packages, what is unpacked: part of every stand-in's recipe. */
export const UNPACKING = { release: DEBIAN_RELEASE, without: NOT_UNPACKED, merged: MERGED, removed: DOCUMENTS };

/**
 * Unpacks Debian packages, and what they depend on, into a root file system.
 * @returns the packages' file names, which carry their versions
 */
export async function unpackPackages(packages: readonly string[], root: string, work: Work): Promise<string[]> {
  const scratch = `${root}.apt`;
  const archives = join(scratch, "archives");
  mkdirSync(join(archives, "partial"), { recursive: true });
  writeFileSync(join(scratch, "status"), NOT_UNPACKED.map(installed).join("\n"));
  const files = await fetchPackages(packages, scratch, work);
  work.report(`${files.length} packages`);
  for (const file of files) await unpack(join(archives, file), root, work);
  mergeUsr(root);
  for (const folder of DOCUMENTS) rmSync(join(root, "usr", "share", folder), { recursive: true, force: true });
  rmSync(scratch, { recursive: true });
  return files;
}

/** An entry of dpkg's status file. The version is above whatever is asked for. */
function installed(name: string): string {
  return `Package: ${name}\nStatus: install ok installed\nVersion: 999\nArchitecture: all\n`;
}

async function fetchPackages(packages: readonly string[], scratch: string, work: Work): Promise<string[]> {
  const archives = join(scratch, "archives");
  const lists = await ensureLists(scratch, work);
  const options = [...aptOptions({ lists, scratch }), "-o", `Dir::Cache::archives=${archives}`];
  const install = ["install", "--download-only", "--yes", "--no-install-recommends", ...packages];
  const args = ["-qq", ...options, ...install];
  await runCommand({ what: "Fetching Debian packages", program: "apt-get", args, cwd: scratch }, work);
  return readdirSync(archives)
    .filter((file) => file.endsWith(".deb"))
    .sort();
}

function unpack(file: string, root: string, work: Work): Promise<string> {
  const args = ["-x", file, root];
  return runCommand({ what: "Unpacking a Debian package", program: "dpkg-deb", args, cwd: root }, work);
}

function mergeUsr(root: string): void {
  for (const name of MERGED) {
    const old = join(root, name);
    mkdirSync(join(root, "usr", name), { recursive: true });
    if (existsSync(old)) cpSync(old, join(root, "usr", name), { recursive: true, verbatimSymlinks: true });
    rmSync(old, { recursive: true, force: true });
    symlinkSync(join("usr", name), old);
  }
}

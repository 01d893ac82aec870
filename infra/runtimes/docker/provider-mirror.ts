import { linkSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Artefact,
  artefactFolder,
  artefactKey,
  type BuildSeconds,
  ensureArtefact,
  type Work,
} from "../../artefacts/artefact";
import { cacheDirectory } from "../../artefacts/cache";
import { findProgram } from "../../artefacts/tools";
import { PROVIDER_PROGRAM, PROVIDER_VERSION, provider } from "./provider";
import { PROVIDER_SOURCE, providerAddress, terraformProgram } from "./terraform";

const CLI_CONFIGURATION = "terraform.rc";

/**
 * A filesystem mirror with the built provider, for one Terraform program: the program's default registry host is part
 * of the path, and the configuration beside it names the path. Both follow from what is in the recipe.
 */
export function providerMirror(): Artefact {
  const program = findProgram(terraformProgram()) ?? terraformProgram();
  return {
    name: "provider-mirror",
    recipe: { provider: artefactKey(provider), program, cache: cacheDirectory() },
    tools: ["terraform"],
    build: (folder, work) => fillMirror(folder, artefactFolder(providerMirror()), work),
  };
}

/** Builds provider and mirror unless they are there. @returns how long that took */
export async function ensureProviderMirror(work: Work): Promise<BuildSeconds> {
  const built = await ensureArtefact(provider, work);
  const laid = await ensureArtefact(providerMirror(), work);
  return built === undefined && laid === undefined ? undefined : (built ?? 0) + (laid ?? 0);
}

/** The file that TF_CLI_CONFIG_FILE has to name. */
export function mirrorConfiguration(): string {
  return join(artefactFolder(providerMirror()), CLI_CONFIGURATION);
}

/** @param place where the folder will lie once it is complete */
async function fillMirror(folder: string, place: string, work: Work): Promise<void> {
  const version = join(await providerAddress(work), PROVIDER_VERSION, "linux_amd64");
  mkdirSync(join(folder, "providers", version), { recursive: true });
  // One program for all mirrors: 76 MB are not kept twice.
  linkSync(join(artefactFolder(provider), PROVIDER_PROGRAM), join(folder, "providers", version, PROVIDER_PROGRAM));
  writeFileSync(join(folder, CLI_CONFIGURATION), cliConfiguration(join(place, "providers")));
}

/** Our provider from the mirror alone; any other as ever. A JSON string is a string of Terraform's language too. */
function cliConfiguration(path: string): string {
  const source = JSON.stringify([PROVIDER_SOURCE]);
  return `provider_installation {
  filesystem_mirror {
    path    = ${JSON.stringify(path)}
    include = ${source}
  }
  direct {
    exclude = ${source}
  }
}
`;
}

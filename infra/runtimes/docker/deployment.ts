import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Copy } from "../../copies/copy";
import { writeFileAtomically } from "../../copies/registry";
import type { ImageName } from "../../images/image-build";
import type { WantedRevision } from "../../stacks/copy-stack";

/** What a docker copy runs: written before it is applied, so that any later command knows what is wanted. */
export interface Deployment {
  /** Image references; the API's come with its revisions. */
  readonly images: Readonly<Record<Exclude<ImageName, "api">, string>>;
  readonly revision: WantedRevision;
  /** SHA-256 of the dump that is `pristine` in the copy's data volume. */
  readonly dump: string;
  /** The data of another dump that is to take the place of the volume's: begun, and to be finished by whoever comes next. */
  readonly replacement?: Baked;
}

/** A database image, and the SHA-256 of the dump that it was baked with. */
export interface Baked {
  readonly image: string;
  readonly dump: string;
}

/** What a copy's database runs on, or is about to. */
export function bakedOf(deployment: Deployment | undefined): Baked | undefined {
  if (!deployment) return undefined;
  return deployment.replacement ?? { image: deployment.images.database, dump: deployment.dump };
}

/** @returns undefined before the first apply */
export function readDeployment(copy: Copy): Deployment | undefined {
  const file = deploymentFile(copy);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Deployment) : undefined;
}

export function writeDeployment(copy: Copy, deployment: Deployment): void {
  writeFileAtomically(deploymentFile(copy), `${JSON.stringify(deployment, null, 2)}\n`);
}

/** Makes a copy one that was never deployed. */
export function removeDeployment(copy: Copy): void {
  rmSync(deploymentFile(copy), { force: true });
}

function deploymentFile({ paths }: Copy): string {
  return join(paths.directory, "deployment.json");
}

import { existsSync, readFileSync } from "node:fs";
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
}

/** @returns undefined before the first apply */
export function readDeployment(copy: Copy): Deployment | undefined {
  const file = deploymentFile(copy);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Deployment) : undefined;
}

export function writeDeployment(copy: Copy, deployment: Deployment): void {
  writeFileAtomically(deploymentFile(copy), `${JSON.stringify(deployment, null, 2)}\n`);
}

function deploymentFile({ paths }: Copy): string {
  return join(paths.directory, "deployment.json");
}

import type { Copy } from "../../copies/copy";
import { dockerNames } from "../../copies/docker-names";
import { useEngine } from "../../images/engine";
import { type Baked, type Deployment, readDeployment, writeDeployment } from "./deployment";

/** Writes down that a copy's data is to be replaced by that of another image, before anything of it is touched. */
export function beginReplacement(copy: Copy, deployment: Deployment, replacement: Baked): void {
  writeDeployment(copy, { ...deployment, replacement });
}

/**
 * Removes the database and the volume that are to be replaced; the next apply makes both anew, filled from the image. Killed
 * at any moment, it is done again by the next `up` or `reset`.
 * @returns the deployment that is wanted now
 */
export async function finishReplacement(copy: Copy): Promise<Deployment | undefined> {
  const deployment = readDeployment(copy);
  if (!deployment?.replacement) return deployment;
  const { replacement, ...kept } = deployment;
  const names = dockerNames(copy.checkout, copy.record.name);
  // Neither has to be there: `--force` forgives that of both.
  await useEngine(["rm", "--force", names.container("database")]);
  await useEngine(["volume", "rm", "--force", names.dataVolume]);
  const images = { ...kept.images, database: replacement.image };
  const wanted = { ...kept, images, dump: replacement.dump };
  writeDeployment(copy, wanted);
  return wanted;
}

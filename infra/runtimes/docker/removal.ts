import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Checkout } from "../../copies/checkout";
import type { Copy } from "../../copies/copy";
import { lockHolder } from "../../copies/lock";
import { copyPaths, imagesDirectory } from "../../copies/names";
import { listRecords, removeCopyFiles } from "../../copies/registry";
import { engineVersion } from "../../images/engine";
import { copyStackName, IMAGES_STACK } from "../../stacks/stack-names";
import { removeDeployment } from "./deployment";
import { holdImagesLock, IMAGES_LOCK } from "./images";
import { removeObjects } from "./objects";
import { endStrayTerraform } from "./terraform-run";

/**
 * Removes a copy: everything in the engine that carries its labels, then its files, the Terraform state among them. The
 * labels know strictly more than the state does (docs/decisions/011-removal-by-labels.md).
 */
export async function remove(checkout: Checkout, name: string): Promise<void> {
  const paths = copyPaths(checkout, name);
  // A record that cannot be read is tried with every runtime; on a machine without engine it was no docker copy's.
  if (!existsSync(paths.terraform) && !(await engineVersion())) return;
  await removeFromEngine(checkout, name);
  // Before the files: where its record goes last, a removal cut short here is still known as one.
  await endStrayBuild(checkout);
  removeCopyFiles(checkout, name);
  // The images stay in the engine for the next copy; their build contexts are made again when they are needed.
  if (listRecords(checkout).length === 0) rmSync(imagesDirectory(checkout), { recursive: true, force: true });
}

/** Takes back a birth that was cut short, as far as it came, so that it can begin anew. */
export async function undoHalfBirth(copy: Copy): Promise<void> {
  await removeFromEngine(copy.checkout, copy.record.name);
  removeDeployment(copy);
  rmSync(copy.paths.terraform, { recursive: true, force: true });
}

async function removeFromEngine(checkout: Checkout, name: string): Promise<void> {
  const { terraform } = copyPaths(checkout, name);
  await endStrayTerraform(join(terraform, "stacks", copyStackName(name)), "throw away");
  await removeObjects(checkout, name);
}

/** A build whose command was killed goes on for nobody, and would go on in a folder that is gone. */
async function endStrayBuild(checkout: Checkout): Promise<void> {
  if (lockHolder(checkout, IMAGES_LOCK)) return;
  await using _lock = await holdImagesLock(checkout, "end a build that nobody waits for");
  await endStrayTerraform(join(imagesDirectory(checkout), "stacks", IMAGES_STACK), "keep");
}

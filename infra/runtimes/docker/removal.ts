import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Checkout } from "../../copies/checkout";
import { lockHolder } from "../../copies/lock";
import { copyPaths, imagesDirectory } from "../../copies/names";
import { listRecords, removeCopyFiles } from "../../copies/registry";
import { engineVersion } from "../../images/engine";
import { copyStackName, IMAGES_STACK } from "../../stacks/stack-names";
import { chooseSources } from "./airgap";
import { IMAGES_LOCK } from "./images";
import { sweep } from "./objects";
import { stateFile } from "./stack-props";
import { destroy, endStrayTerraform } from "./terraform-run";

/**
 * Removes a copy: by Terraform what its state knows, then whatever else carries the copy's labels, then its files. What
 * Terraform cannot do (no state yet, a damaged one) the sweep does.
 */
export async function remove(checkout: Checkout, name: string): Promise<void> {
  const paths = copyPaths(checkout, name);
  // A record that cannot be read is tried with every runtime; on a machine without engine it was no docker copy's.
  if (!existsSync(paths.terraform) && !(await engineVersion())) return;
  const folder = join(paths.terraform, "stacks", copyStackName(name));
  await endStrayTerraform(folder);
  const { provider } = await chooseSources();
  if (provider && existsSync(stateFile({ paths })) && existsSync(join(folder, ".terraform"))) {
    await destroy({ folder, source: provider }).catch((error: Error) => console.error(error.message));
  }
  await sweep(checkout, name, { stateFile: "", volumes: true });
  // Before the files: where its record goes last, a removal cut short here is still known as one.
  await endStrayBuild(checkout);
  removeCopyFiles(checkout, name);
  // The images stay in the engine for the next copy; their build contexts are made again when they are needed.
  if (listRecords(checkout).length === 0) rmSync(imagesDirectory(checkout), { recursive: true, force: true });
}

/** A build whose command was killed goes on for nobody, and would go on in a folder that is gone. */
async function endStrayBuild(checkout: Checkout): Promise<void> {
  if (lockHolder(checkout, IMAGES_LOCK)) return;
  await endStrayTerraform(join(imagesDirectory(checkout), "stacks", IMAGES_STACK));
}

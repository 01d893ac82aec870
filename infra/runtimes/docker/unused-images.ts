import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Checkout } from "../../copies/checkout";
import { copyOf } from "../../copies/copy";
import { imageReference, LABEL_CHECKOUT } from "../../copies/docker-names";
import { holdLockAt, lockHolder } from "../../copies/lock";
import { imagesDirectory, locksDirectory } from "../../copies/names";
import { type CopyRecord, isReadable, listRecords } from "../../copies/registry";
import { askEngine, engineVersion, useEngine } from "../../images/engine";
import { IMAGE_NAMES } from "../../images/image-build";
import { readDeployment } from "./deployment";
import { IMAGES_LOCK } from "./images";

/**
 * Removes the images of this checkout that no copy runs, and the folders they were built from. Where a command is at work
 * on a copy nothing is removed: it may be about to run any of them. The images' Terraform state finds them gone by itself.
 * @returns a line for each
 */
export async function removeUnusedImages(checkout: Checkout): Promise<string[]> {
  const records = listRecords(checkout);
  const isQuiet = records.every((record) => isReadable(record) && !lockHolder(checkout, record.name));
  if (!isQuiet || !(await engineVersion())) return [];
  const place = { directory: locksDirectory(checkout), name: IMAGES_LOCK, title: "The images of this checkout" };
  await using _lock = await holdLockAt(place, { purpose: "remove unused images" });
  const used = new Set(records.filter(isReadable).flatMap((record) => imagesOf(checkout, record)));
  const unused = (await builtImages(checkout)).filter((reference) => !used.has(reference));
  if (unused.length > 0) await useEngine(["rmi", ...unused]);
  removeContexts(checkout, used);
  return unused.map((reference) => `image ${reference}`);
}

function imagesOf(checkout: Checkout, record: CopyRecord): string[] {
  const deployment = record.runtime === "docker" ? readDeployment(copyOf(checkout, record)) : undefined;
  return deployment ? [...Object.values(deployment.images), deployment.revision.image] : [];
}

async function builtImages({ id }: Checkout): Promise<string[]> {
  const format = ["--format", "{{.Repository}}:{{.Tag}}"];
  const { output } = await askEngine(["images", ...format, "--filter", `label=${LABEL_CHECKOUT}=${id}`]);
  // A build that was cut short has no name yet; the engine's own prune is for those.
  return output.split("\n").filter((reference) => reference !== "" && !reference.includes("<none>"));
}

function removeContexts(checkout: Checkout, used: ReadonlySet<string>): void {
  const directory = imagesDirectory(checkout);
  if (!existsSync(directory)) return;
  for (const entry of readdirSync(directory)) {
    const [, name, hash] = entry.match(new RegExp(`^(${IMAGE_NAMES.join("|")})-([0-9a-f]{12})$`)) ?? [];
    if (name && hash && !used.has(imageReference(checkout, name, hash))) {
      rmSync(join(directory, entry), { recursive: true, force: true });
    }
  }
}

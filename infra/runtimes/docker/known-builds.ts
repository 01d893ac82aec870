import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Checkout } from "../../copies/checkout";
import { imageReference, LABEL_CHECKOUT } from "../../copies/docker-names";
import { imagesDirectory } from "../../copies/names";
import { IMAGE_NAMES, type ImageBuild } from "../../images/image-build";
import { type BaseName, PINS } from "../../images/pins";

const BASES = { database: "postgres", queue: "postgres", api: "node", proxy: "haproxy" } as const satisfies Record<
  ImageBuild["name"],
  BaseName
>;

/** The images whose build contexts `copy up` has laid out; where it has not yet, one of each as it would be named. */
export function knownBuilds(checkout: Checkout): ImageBuild[] {
  const directory = imagesDirectory(checkout);
  const entries = existsSync(directory) ? readdirSync(directory) : [];
  return IMAGE_NAMES.flatMap((name) => {
    const hashes = entries.flatMap((entry) => entry.match(new RegExp(`^${name}-([0-9a-f]{12})$`))?.[1] ?? []);
    return (hashes.length > 0 ? hashes : ["unbuilt"]).map((hash) => ({
      name,
      hash,
      reference: imageReference(checkout, name, hash),
      context: join(directory, `${name}-${hash}`),
      base: PINS[BASES[name]].reference,
      labels: { [LABEL_CHECKOUT]: checkout.id },
    }));
  });
}

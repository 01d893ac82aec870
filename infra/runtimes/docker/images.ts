import { join } from "node:path";
import type { Work } from "../../artefacts/artefact";
import type { Checkout } from "../../copies/checkout";
import { holdLockAt } from "../../copies/lock";
import { imagesDirectory, locksDirectory } from "../../copies/names";
import type { DumpReference } from "../../copies/registry";
import type { ServiceBundle } from "../../images/api/bundle";
import { prepareBuilds } from "../../images/contexts";
import { askEngine } from "../../images/engine";
import type { ImageBuild, ImageName } from "../../images/image-build";
import type { BaseName } from "../../images/pins";
import { baseImage, type Source } from "./airgap";
import { Once } from "./once";
import { engineOf } from "./stack-props";
import { apply, endStrayTerraform, initialise } from "./terraform-run";

/** Where both come from, on this machine. */
export interface KnownSources {
  readonly images: Source;
  readonly provider: Source;
}

export interface ImageRequest {
  readonly checkout: Checkout;
  readonly bundle: ServiceBundle;
  readonly sources: KnownSources;
  readonly dump: DumpReference;
  /** The database image of a copy that lives: it stays, whatever has become of the dump since. */
  readonly kept?: string;
}

/** The lock of whoever builds. No copy's name begins with a dot. */
export const IMAGES_LOCK = ".images";

/** A first build loads the dump; another command may be at it. */
const LOCK_WAIT_MS = 10 * 60_000;

/** Waits for whoever builds. Taken and given back, it also clears away what a killed builder left of it. */
export function holdImagesLock(checkout: Checkout, purpose: string): Promise<AsyncDisposable> {
  const place = { directory: locksDirectory(checkout), name: IMAGES_LOCK, title: "The images of this checkout" };
  return holdLockAt(place, { purpose, waitMs: LOCK_WAIT_MS });
}

/**
 * Builds the images that are not there, as a Terraform stack of its own: one state per checkout, one builder at a time.
 * @returns the references, whose tags are content hashes
 */
export async function ensureImages(request: ImageRequest, work: Work): Promise<Record<ImageName, string>> {
  const { checkout, bundle, dump, sources } = request;
  const kept = request.kept && (await haveAll([request.kept])) ? request.kept : undefined;
  const bases = await baseImages(sources.images, work);
  const builds = await prepareBuilds(checkout, { bundle, bases, ...(kept ? {} : { dump }) });
  const references = Object.fromEntries(builds.map(({ name, reference }) => [name, reference]));
  const images = { database: kept, ...references } as Record<ImageName, string>;
  if (await haveAll(Object.values(images))) return images;
  await using _lock = await holdImagesLock(checkout, "build images");
  if (!(await haveAll(Object.values(images)))) await build(request, builds, work);
  return images;
}

/** The references of the images that the code in the checkout would be built into; nothing is built. */
export async function wantedImages(
  { checkout, bundle, sources }: Pick<ImageRequest, "checkout" | "bundle" | "sources">,
  work: Work,
): Promise<Omit<Record<ImageName, string>, "database">> {
  const builds = await prepareBuilds(checkout, { bundle, bases: await baseImages(sources.images, work) });
  return Object.fromEntries(builds.map(({ name, reference }) => [name, reference])) as Record<ImageName, string>;
}

const known = new Once<Record<BaseName, string>>();

function baseImages(source: Source, work: Work): Promise<Record<BaseName, string>> {
  return known.ask(source, () => findBaseImages(source, work));
}

async function findBaseImages(source: Source, work: Work): Promise<Record<BaseName, string>> {
  const [postgres, node, haproxy] = await Promise.all([
    baseImage("postgres", source, work),
    baseImage("node", source, work),
    baseImage("haproxy", source, work),
  ]);
  return { postgres, node, haproxy };
}

async function build({ checkout, sources }: ImageRequest, builds: readonly ImageBuild[], work: Work): Promise<void> {
  // Loaded when needed: only this and the copies' stacks need it, and it takes a third of a second.
  const { synthImages } = await import("../../stacks/synth.ts");
  const outdir = imagesDirectory(checkout);
  const props = { stateFile: join(outdir, "terraform.tfstate"), ...engineOf(process.env), builds };
  const terraform = { folder: synthImages(outdir, props), source: sources.provider, ...work };
  await endStrayTerraform(terraform.folder, "keep");
  await initialise(terraform);
  await apply(terraform);
}

async function haveAll(references: readonly string[]): Promise<boolean> {
  return (await askEngine(["image", "inspect", "--format", "{{.Id}}", ...references])).ok;
}

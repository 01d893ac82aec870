import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import type { Checkout } from "../copies/checkout";
import { imageReference, LABEL_CHECKOUT } from "../copies/docker-names";
import { imagesDirectory } from "../copies/names";
import type { DumpReference } from "../copies/registry";
import type { ServiceBundle } from "./api/bundle";
import type { ImageBuild, ImageName } from "./image-build";
import type { BaseName } from "./pins";

/** What an image is made of, before it is laid out as a build context. */
interface Recipe {
  readonly name: ImageName;
  /** The image to build on. */
  readonly base: string;
  /** Absolute paths; each is copied under its own name. */
  readonly files: readonly string[];
  /** SHA-256 of files that are too large to be read again, by name. */
  readonly known?: Readonly<Record<string, string>>;
}

export interface ImageSources {
  readonly bundle: ServiceBundle;
  readonly bases: Readonly<Record<BaseName, string>>;
  /** The dump to bake; undefined where the database image is there to stay. */
  readonly dump?: DumpReference;
}

/** The images a copy needs, each with its build context laid out under `.copies/.images`. */
export function prepareBuilds(checkout: Checkout, sources: ImageSources): ImageBuild[] {
  const { bundle, dump, bases } = sources;
  const own = (image: ImageName, ...names: string[]) => names.map((name) => join(sourceFolder(checkout, image), name));
  const api: Recipe = {
    name: "api",
    base: bases.node,
    files: [...own("api", "Dockerfile", "healthcheck.js", "rates"), bundle.file, `${bundle.file}.map`],
    // The map names the checkout's paths and is no part of what runs.
    known: { [`${bundle.file}.map`]: "" },
  };
  const proxy: Recipe = { name: "proxy", base: bases.haproxy, files: own("proxy", "Dockerfile") };
  const recipes = dump ? [databaseRecipe(own, bases.postgres, dump), api, proxy] : [api, proxy];
  return recipes.map((recipe) => layOut(checkout, recipe));
}

type OwnFiles = (image: ImageName, ...names: string[]) => string[];

function databaseRecipe(own: OwnFiles, base: string, dump: DumpReference): Recipe {
  const scripts = own("database", "Dockerfile", "bake.sh", "entrypoint.sh", "healthcheck.sh");
  return { name: "database", base, files: [...scripts, dump.path], known: { [dump.path]: dump.sha256 } };
}

/** The proxy's configuration, which a copy mounts rather than bakes. */
export function proxyConfigFile(checkout: Checkout): string {
  return join(sourceFolder(checkout, "proxy"), "haproxy.cfg");
}

function sourceFolder({ root }: Checkout, image: ImageName): string {
  return join(root, "infra", "images", image);
}

function layOut(checkout: Checkout, recipe: Recipe): ImageBuild {
  const hash = hashOf(recipe);
  const context = join(imagesDirectory(checkout), `${recipe.name}-${hash}`);
  if (!existsSync(context)) {
    const unfinished = `${context}.${process.pid}.unfinished`;
    mkdirSync(unfinished, { recursive: true });
    for (const file of recipe.files) copyFileSync(file, join(unfinished, nameInContext(file)));
    // Two commands may lay out the same: the content is the same too.
    if (existsSync(context)) rmSync(unfinished, { recursive: true });
    else renameSync(unfinished, context);
  }
  const labels = { [LABEL_CHECKOUT]: checkout.id };
  return {
    name: recipe.name,
    hash,
    reference: imageReference(checkout, recipe.name, hash),
    context,
    base: recipe.base,
    labels,
  };
}

function hashOf({ base, files, known = {} }: Recipe): string {
  const hash = createHash("sha256").update(base);
  for (const file of files) hash.update(`\0${nameInContext(file)}\0`).update(known[file] ?? readFileSync(file));
  return hash.digest("hex").slice(0, 12);
}

/** A user's dump has a name of its own; the Dockerfile knows one. */
function nameInContext(file: string): string {
  return file.endsWith(".sql") ? "rates.sql" : basename(file);
}

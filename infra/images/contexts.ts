import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { writeNormalised } from "db/dump/normalise";
import { bakedMigrations, migrationFiles } from "db/migrate";
import type { Checkout } from "../copies/checkout";
import { imageReference, LABEL_CHECKOUT } from "../copies/docker-names";
import { imagesDirectory } from "../copies/names";
import { QUEUE_CONNECTIONS, QUEUE_SETTINGS } from "../copies/queue-settings";
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
  /** What stands for the content of a file in the hash, by path. */
  readonly known?: Readonly<Record<string, string>>;
  /** Written into the context, by name. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Written into the context as `rates.sql`, without what psql could not load on another server. */
  readonly dump?: DumpReference;
}

export interface ImageSources {
  readonly bundle: ServiceBundle;
  readonly bases: Readonly<Record<BaseName, string>>;
  /** The dump to bake; undefined where the database image is there to stay. */
  readonly dump?: DumpReference;
}

/**
 * The images a copy needs, each with its build context laid out under `.copies/.images`.
 * @throws DumpError naming file and line, where the dump has to be read and is a bad one
 */
export function prepareBuilds(checkout: Checkout, sources: ImageSources): Promise<ImageBuild[]> {
  const { bundle, dump, bases } = sources;
  const own = (image: ImageName, ...names: string[]) => names.map((name) => join(sourceFolder(checkout, image), name));
  const api: Recipe = {
    name: "api",
    base: bases.node,
    files: [...own("api", "Dockerfile", "healthcheck.js", "rates"), bundle.file, `${bundle.file}.map`],
    texts: migrationFiles(),
    // The map names the checkout's paths and is no part of what runs.
    known: { [`${bundle.file}.map`]: "" },
  };
  const proxy: Recipe = { name: "proxy", base: bases.haproxy, files: own("proxy", "Dockerfile") };
  const queue = queueRecipe(own, bases.postgres);
  const recipes = dump ? [databaseRecipe(own, bases.postgres, dump), queue, api, proxy] : [queue, api, proxy];
  return Promise.all(recipes.map((recipe) => layOut(checkout, recipe)));
}

type OwnFiles = (image: ImageName, ...names: string[]) => string[];

function databaseRecipe(own: OwnFiles, base: string, dump: DumpReference): Recipe {
  const files = own("database", "Dockerfile", "bake.sh", ...SERVER_SCRIPTS);
  return { name: "database", base, files, texts: { "migrations.sql": bakedMigrations() }, dump };
}

/** The same server with nothing in it. */
function queueRecipe(own: OwnFiles, base: string): Recipe {
  const files = [...own("queue", "Dockerfile", "bake.sh"), ...own("database", ...SERVER_SCRIPTS)];
  const settings = Object.entries({ ...QUEUE_SETTINGS, max_connections: QUEUE_CONNECTIONS }).map(
    ([name, value]) => `${name} = '${value}'\n`,
  );
  return { name: "queue", base, files, texts: { "settings.conf": settings.join("") } };
}

/** How either PostgreSQL server is made, started and asked. */
const SERVER_SCRIPTS = ["cluster.sh", "entrypoint.sh", "healthcheck.sh"];

/** The proxy's configuration, which a copy mounts rather than bakes. */
export function proxyConfigFile(checkout: Checkout): string {
  return join(sourceFolder(checkout, "proxy"), "haproxy.cfg");
}

function sourceFolder({ root }: Checkout, image: ImageName): string {
  return join(root, "infra", "images", image);
}

async function layOut(checkout: Checkout, recipe: Recipe): Promise<ImageBuild> {
  const hash = hashOf(recipe);
  const context = join(imagesDirectory(checkout), `${recipe.name}-${hash}`);
  if (!existsSync(context)) await writeContext(context, recipe);
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

/** Whole or not at all: another command may read it, and this one may be killed. */
async function writeContext(context: string, { files, texts = {}, dump }: Recipe): Promise<void> {
  const unfinished = `${context}.${process.pid}.unfinished`;
  mkdirSync(unfinished, { recursive: true });
  try {
    for (const file of files) copyFileSync(file, join(unfinished, basename(file)));
    for (const [name, text] of Object.entries(texts)) writeFileSync(join(unfinished, name), text);
    if (dump) await writeNormalised(dump.path, join(unfinished, DUMP_IN_CONTEXT));
    // Two commands may lay out the same: the content is the same too.
    if (!existsSync(context)) renameSync(unfinished, context);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** The dump by its own hash, which is known; a new copy of an old dump then reads none of it. */
function hashOf({ base, files, texts = {}, known = {}, dump }: Recipe): string {
  const hash = createHash("sha256").update(base);
  for (const file of files) hash.update(`\0${basename(file)}\0`).update(known[file] ?? readFileSync(file));
  for (const [name, text] of Object.entries(texts)) hash.update(`\0${name}\0`).update(text);
  if (dump) hash.update(`\0${DUMP_IN_CONTEXT}\0`).update(dump.sha256);
  return hash.digest("hex").slice(0, 12);
}

/** A user's dump has a name of its own; the Dockerfile knows one. */
const DUMP_IN_CONTEXT = "rates.sql";

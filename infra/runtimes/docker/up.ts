import { checkReferences } from "db/dump/references";
import { loadConfig } from "rates/src/config";
import type { Copy } from "../../copies/copy";
import { DATABASE_HOST } from "../../copies/docker-names";
import { revisionOf, type SharedEnvironment, serviceEnvironment, sharedEnvironment } from "../../copies/environment";
import { Problem } from "../../copies/problem";
import { buildService, type ServiceBundle } from "../../images/api/bundle";
import type { ImageName } from "../../images/image-build";
import type { WantedRevision } from "../../stacks/copy-stack";
import { buildStep } from "../common";
import type { Stage, Step, UpContext } from "../runtime";
import { chooseSources } from "./airgap";
import { deploy, planDeployment } from "./deploy";
import { type Deployment, readDeployment } from "./deployment";
import { ensureImages, type KnownSources, wantedImages } from "./images";

/** What the steps hand on. */
interface Progress {
  bundle?: ServiceBundle;
  sources?: KnownSources;
  images?: Record<ImageName, string>;
}

export function up(context: UpContext): Stage[] {
  const progress: Progress = {};
  return [
    [buildStep(context, progress), sourcesStep(progress), dumpStep(context)],
    [imagesStep(context, progress)],
    [containersStep(context, progress)],
  ];
}

/** What `up` would change: new code or settings are a new revision, everything else Terraform tells. */
export async function plan(copy: Copy, signal: AbortSignal): Promise<readonly string[]> {
  const deployment = readDeployment(copy);
  if (!deployment) return ["everything: the copy was never deployed"];
  const sources = await knownSources();
  const bundle = await buildService(copy.checkout.root);
  const { api } = await wantedImages({ checkout: copy.checkout, bundle, sources }, { signal, report: () => {} });
  const revision = revisionOf(copy.record, api, sharedEnvironment(copy.checkout, copy.record));
  const old = deployment.revision.revision;
  const replaced = revision === old ? [] : [`the API: revision ${old} is replaced by ${revision}`];
  return [...replaced, ...(await planDeployment(copy, { deployment, source: sources.provider, signal }))];
}

function sourcesStep(progress: Progress): Step {
  return {
    title: "Images and provider",
    async run() {
      progress.sources = await knownSources();
      return `from the ${progress.sources.images}`;
    },
  };
}

async function knownSources(): Promise<KnownSources> {
  const { images, provider } = await chooseSources();
  if (images && provider) return { images, provider };
  throw new Problem("Neither the public registries answer nor is the airgap cache complete. Build it: make airgap");
}

/** In Node, where it can name file and line; the image's build only loads what was found right here. */
function dumpStep({ copy }: UpContext): Step {
  return {
    title: "Dump",
    async run() {
      if (copy.record.intent !== "birth") return "data kept";
      const { rows } = await checkReferences(copy.record.dump.path);
      return `${rows.prices} prices in ${copy.record.dump.path}`;
    },
  };
}

function imagesStep({ copy, signal }: UpContext, progress: Progress): Step {
  return {
    title: "Images",
    async run(report) {
      const { bundle, sources } = known(progress, "bundle", "sources");
      const request = { checkout: copy.checkout, bundle, sources, dump: copy.record.dump };
      const kept = readDeployment(copy)?.images.database;
      progress.images = await ensureImages(kept ? { ...request, kept } : request, { signal, report });
      return Object.values(progress.images).join(", ");
    },
  };
}

function containersStep({ copy, signal }: UpContext, progress: Progress): Step {
  return {
    title: "Containers",
    async run(report) {
      const { images, sources } = known(progress, "images", "sources");
      const deployment = wanted(copy, images);
      const changed = await deploy(copy, { deployment, source: sources.provider, signal, report });
      return `revision ${deployment.revision.revision}${changed ? "" : ", nothing to change"}`;
    },
  };
}

function wanted(copy: Copy, { api, database, proxy }: Record<ImageName, string>): Deployment {
  const shared = sharedEnvironment(copy.checkout, copy.record);
  const revision = revisionOf(copy.record, api, shared);
  return {
    images: { database, proxy },
    revision: { revision, image: api, environment: environmentOf(copy, shared, revision) },
  };
}

/** As the process sees its world: the database by its name in the copy's network, secrets in a mounted volume. */
function environmentOf(copy: Copy, shared: SharedEnvironment, revision: string): WantedRevision["environment"] {
  const passwordFile = "/run/secrets/database-password";
  const database = { host: DATABASE_HOST, port: 5432, database: "rates", user: "rates", passwordFile };
  const place = { database, host: "0.0.0.0", port: 3000, proxyGate: true };
  const environment = serviceEnvironment(copy, { shared, revision, ...place });
  loadConfig(environment); // so that a bad setting is told here and not in a log
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
}

function known<Key extends keyof Progress>(progress: Progress, ...keys: Key[]): Required<Pick<Progress, Key>> {
  const missing = keys.filter((key) => progress[key] === undefined);
  if (missing.length > 0) throw new Error(`a step ran before ${missing.join(" and ")} was known`);
  return progress as Required<Pick<Progress, Key>>;
}

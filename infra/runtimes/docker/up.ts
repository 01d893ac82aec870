import { loadConfig } from "rates/src/config";
import type { Copy } from "../../copies/copy";
import { DATABASE_HOST, QUEUE_HOST, SECRETS_FOLDER, SPOOL_FOLDER } from "../../copies/docker-names";
import { revisionOf, type SharedEnvironment, serviceEnvironment, sharedEnvironment } from "../../copies/environment";
import { keepEventFields } from "../../copies/event-fields";
import { buildService } from "../../images/api/bundle";
import type { ImageName } from "../../images/image-build";
import type { WantedRevision } from "../../stacks/copy-stack";
import type { Stage, Step, UpContext } from "../runtime";
import { branchStep, originOf } from "./branch";
import { deploy, planDeployment } from "./deploy";
import { bakedOf, type Deployment, readDeployment } from "./deployment";
import { wantedImages } from "./images";
import { known, knownSources, type Progress, preparation } from "./preparation";
import { finishReplacement } from "./replacement";

export function up(context: UpContext): Stage[] {
  const { copy } = context;
  const { intent, branch, dump } = copy.record;
  const progress: Progress = {};
  const origin = intent === "birth" && branch ? originOf(copy.checkout, branch) : undefined;
  const baked = origin ?? bakedOf(readDeployment(copy));
  const ingredients = { takesDump: intent === "birth" && !origin, database: baked?.image };
  return [
    ...preparation(context, progress, ingredients),
    ...(origin ? [[branchStep(context, origin)]] : []),
    [containersStep(context, progress, baked?.dump ?? dump.sha256)],
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

/** @param dump SHA-256 of what is `pristine` in the copy's data volume, or will be */
function containersStep({ copy, signal }: UpContext, progress: Progress, dump: string): Step {
  return {
    title: "Containers",
    async run(report) {
      const { images, sources } = known(progress, "images", "sources");
      await finishReplacement(copy);
      keepEventFields(copy);
      const deployment = wanted(copy, images, dump);
      const changed = await deploy(copy, { deployment, source: sources.provider, signal, report });
      return `revision ${deployment.revision.revision}${changed ? "" : ", nothing to change"}`;
    },
  };
}

function wanted(copy: Copy, { api, ...images }: Record<ImageName, string>, dump: string): Deployment {
  const shared = sharedEnvironment(copy.checkout, copy.record);
  const revision = revisionOf(copy.record, api, shared);
  return {
    images,
    revision: { revision, image: api, environment: environmentOf(copy, shared, revision) },
    dump,
  };
}

/** As the process sees its world: the servers by their names in the copy's network, secrets in a mounted volume. */
function environmentOf(copy: Copy, shared: SharedEnvironment, revision: string): WantedRevision["environment"] {
  const server = { port: 5432, database: "rates", user: "rates" };
  const database = { ...server, host: DATABASE_HOST, passwordFile: `${SECRETS_FOLDER}/database-password` };
  const queue = { ...server, host: QUEUE_HOST, passwordFile: `${SECRETS_FOLDER}/queue-password` };
  // One process a container: the proxy shares the requests out.
  const place = {
    database,
    queue,
    host: "0.0.0.0",
    port: 3000,
    processes: 1,
    proxyGate: true,
    spoolFolder: SPOOL_FOLDER,
    filesFolder: SECRETS_FOLDER,
  };
  const environment = serviceEnvironment(copy, { shared, revision, ...place });
  loadConfig(environment); // so that a bad setting is told here and not in a log
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
}

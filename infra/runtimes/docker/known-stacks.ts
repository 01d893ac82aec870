import { join } from "node:path";
import type { Construct } from "constructs";
import type { Checkout } from "../../copies/checkout";
import { copyOf } from "../../copies/copy";
import { dockerNames } from "../../copies/docker-names";
import { engineInUse, enginePlace } from "../../copies/engine-place";
import { copyPaths, imagesDirectory } from "../../copies/names";
import { PORT_RANGES } from "../../copies/ports";
import { isReadable, listRecords } from "../../copies/registry";
import { SIZES } from "../../copies/sizes";
import { nextFreeSubnet } from "../../copies/subnets";
import { proxyConfigFile } from "../../images/contexts";
import { CopyStack, type CopyStackProps } from "../../stacks/copy-stack";
import { ImagesStack } from "../../stacks/images-stack";
import { copyStackName, IMAGES_STACK } from "../../stacks/stack-names";
import { readDeployment } from "./deployment";
import { knownBuilds } from "./known-builds";
import { engineOf, stackProps, stateFile } from "./stack-props";

/** The images of a checkout, and every docker copy as it was last deployed; `dev` as it could be, where there is none. */
export function addKnownStacks(scope: Construct, checkout: Checkout): void {
  const directory = imagesDirectory(checkout);
  const state = join(directory, "terraform.tfstate");
  new ImagesStack(scope, IMAGES_STACK, { stateFile: state, ...engineOf(process.env), builds: knownBuilds(checkout) });
  const copies = deployedCopies(checkout);
  for (const { name, props } of copies.length > 0 ? copies : [exampleCopy(checkout)]) {
    new CopyStack(scope, copyStackName(name), props);
  }
}

interface NamedProps {
  readonly name: string;
  readonly props: CopyStackProps;
}

function deployedCopies(checkout: Checkout): NamedProps[] {
  const records = listRecords(checkout)
    .filter(isReadable)
    .filter(({ runtime }) => runtime === "docker");
  return records.flatMap((record) => {
    const copy = copyOf(checkout, record);
    const deployment = readDeployment(copy);
    if (!deployment) return []; // its birth was cut short
    return { name: record.name, props: stackProps(copy, deployment.images, [deployment.revision]) };
  });
}

const UNBUILT = {
  api: "rates/api:unbuilt",
  database: "rates/database:unbuilt",
  queue: "rates/queue:unbuilt",
  proxy: "rates/proxy:unbuilt",
};

/** What `copy up dev` would be given on this machine, but for what an engine has to be asked for. */
function exampleCopy(checkout: Checkout): NamedProps {
  const name = "dev";
  const images = Object.fromEntries(knownBuilds(checkout).map((build) => [build.name, build.reference]));
  const { api, database, queue, proxy } = { ...UNBUILT, ...images };
  const props = {
    stateFile: stateFile({ paths: copyPaths(checkout, name) }),
    ...engineOf(process.env),
    names: dockerNames(checkout, name),
    size: SIZES.small,
    subnet: nextFreeSubnet([]),
    port: PORT_RANGES.api.first,
    databasePort: PORT_RANGES.database.first,
    queuePort: PORT_RANGES.queue.first,
    publishedOn: enginePlace(engineInUse()).publishedOn,
    images: { database, queue, proxy },
    revisions: [{ revision: "unbuilt", image: api, environment: {} }],
    secrets: {},
    proxyConfig: proxyConfigFile(checkout),
  };
  return { name, props };
}

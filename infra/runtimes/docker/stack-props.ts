import { join } from "node:path";
import type { Copy } from "../../copies/copy";
import { dockerNames } from "../../copies/docker-names";
import { engineInUse, enginePlace } from "../../copies/engine-place";
import { uploadedEventFields } from "../../copies/event-fields";
import { writeFileAtomically } from "../../copies/registry";
import { ensureSecret } from "../../copies/secrets";
import { SIZES } from "../../copies/sizes";
import { proxyConfigFile } from "../../images/contexts";
import type { CopyStackProps, WantedRevision } from "../../stacks/copy-stack";
import { claimOf, passwordFiles } from "./address";
import type { Deployment } from "./deployment";

/** The state of a copy's stack. */
export function stateFile({ paths }: Pick<Copy, "paths">): string {
  return join(paths.terraform, "terraform.tfstate");
}

/** Everything a copy's stack is made from. @param revisions the wanted ones: two while one replaces the other */
export function stackProps(
  copy: Copy,
  images: Deployment["images"],
  revisions: readonly WantedRevision[],
): CopyStackProps {
  const { checkout, record } = copy;
  const claim = claimOf(copy);
  return {
    stateFile: stateFile(copy),
    ...engineOf(process.env),
    names: dockerNames(checkout, record.name),
    size: SIZES[record.size],
    subnet: claim.subnet,
    port: record.port,
    databasePort: claim.databasePort,
    queuePort: claim.queuePort,
    publishedOn: enginePlace(claim.engine).publishedOn,
    images,
    revisions,
    secrets: {
      ...secretFiles(copy),
      ...uploadedEventFields(
        copy,
        revisions.map(({ environment }) => environment),
      ),
    },
    proxyConfig: proxyConfigFile(checkout),
  };
}

/** The provider reads no docker context, but it honours DOCKER_HOST as the client does. */
export function engineOf(env: NodeJS.ProcessEnv): { engine?: string } {
  const engine = engineInUse(env);
  return engine ? { engine } : {};
}

function secretFiles(copy: Copy): Record<string, string> {
  const { database, queue } = passwordFiles(copy);
  for (const file of [database, queue]) ensureSecret(file);
  const id = join(copy.paths.secrets, "copy-id");
  writeFileAtomically(id, `${copy.record.id}\n`, 0o600);
  return { "database-password": database, "queue-password": queue, "copy-id": id };
}

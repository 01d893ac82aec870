import type { Checkout } from "./checkout";

/** What a container is for. */
export type Role = "database" | "queue" | "api" | "proxy" | "secrets" | "proxy-config";

/** Every label of ours begins with this; a sweep looks for nothing else. */
export const LABEL_CHECKOUT = "rates.checkout";
export const LABEL_COPY = "rates.copy";
export const LABEL_ROLE = "rates.role";
export const LABEL_REVISION = "rates.revision";

/** The name by which the other containers of a copy know its database. */
export const DATABASE_HOST = "database";
/** And its queue. */
export const QUEUE_HOST = "queue";
/** The name under which the proxy finds every API process, of whatever revision; infra/images/proxy/haproxy.cfg too. */
export const API_HOST = "api";

/** Where an API container keeps batches while they arrive (SPOOL_DIR); infra/images/api/Dockerfile makes the folder. */
export const SPOOL_FOLDER = "/spool";

/** Where every container of a copy finds its secrets, and an API container the files that it is given. */
export const SECRETS_FOLDER = "/run/secrets";

/** The physical names of one docker copy: they carry the checkout, so two checkouts on one engine never collide. */
export interface DockerNames {
  readonly network: string;
  readonly dataVolume: string;
  readonly queueVolume: string;
  readonly secretsVolume: string;
  readonly proxyConfigVolume: string;
  container(role: Role): string;
  api(revision: string, index: number): string;
  labels(role: string): Record<string, string>;
}

export function dockerNames({ id }: Pick<Checkout, "id">, copy: string): DockerNames {
  const prefix = `rates-${id}-${copy}`;
  return {
    network: prefix,
    dataVolume: `${prefix}-data`,
    queueVolume: `${prefix}-queue`,
    secretsVolume: `${prefix}-secrets`,
    proxyConfigVolume: `${prefix}-proxy-config`,
    container: (role) => `${prefix}-${role}`,
    api: (revision, index) => `${prefix}-api-${revision}-${index}`,
    labels: (role) => ({ [LABEL_CHECKOUT]: id, [LABEL_COPY]: copy, [LABEL_ROLE]: role }),
  };
}

/** Repository of an image of this checkout; the tag is the content's hash. */
export function imageReference({ id }: Pick<Checkout, "id">, image: string, hash: string): string {
  return `rates-${id}/${image}:${hash}`;
}

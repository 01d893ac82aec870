import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { findCheckout } from "infra/copies/checkout";
import { API_HOST, DATABASE_HOST, QUEUE_HOST } from "infra/copies/docker-names";
import { askEngine, useEngine } from "infra/images/engine";
import type { ImageName } from "infra/images/image-build";
import type { ServiceEnvironment } from "rates/src/config";
import { type ExecResult, GenericContainer, Network, type StartedTestContainer, Wait } from "testcontainers";

/** What Testcontainers starts for us carries this, so that a sweep meets nothing else. */
const LABEL = "rates.testcontainers";

/** As the stacks have it: asked every second, and the check itself waits once it was answered. */
const CHECK = { interval: 1_000, timeout: 30_000, retries: 3, startPeriod: 60_000 };
const START_LIMIT_MS = 60_000;

/** Database, queue, API and proxy on a network of their own, wired as a copy's stack wires them. */
export interface WiredContainers extends AsyncDisposable {
  /** The proxy's. */
  readonly baseUrl: string;
  readonly database: { readonly host: string; readonly port: number; readonly password: string };
  /** Runs a command in the API's container. */
  run(command: string[]): Promise<ExecResult>;
}

/**
 * Starts the images without Terraform. The proxy comes first: the API is not healthy before it has been probed.
 * @param images references by name
 */
export async function startWired(images: Readonly<Record<ImageName, string>>): Promise<WiredContainers> {
  // Ryuk is an image of the public registry; the sweep does its work.
  process.env["TESTCONTAINERS_RYUK_DISABLED"] = "true";
  await sweepWired();
  const network = await new Network().start();
  const [password, queuePassword] = [1, 2].map(() => randomBytes(24).toString("base64url"));
  const secrets = {
    "database-password": password ?? "",
    "queue-password": queuePassword ?? "",
    "copy-id": "testcontainers-smoke",
  };
  const container = (name: ImageName) =>
    new GenericContainer(images[name])
      .withLabels({ [LABEL]: name })
      .withNetwork(network)
      .withDroppedCapabilities("ALL")
      .withStartupTimeout(START_LIMIT_MS)
      .withWaitStrategy(Wait.forHealthCheck());
  const withSecrets = (one: GenericContainer) =>
    one.withCopyContentToContainer(
      Object.entries(secrets).map(([name, content]) => ({ content, target: `/run/secrets/${name}`, mode: 0o444 })),
    );
  const started: StartedTestContainer[] = [];
  const start = async (one: GenericContainer): Promise<StartedTestContainer> => {
    const running = await one.start();
    started.push(running);
    return running;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((one) => one.stop()));
    await network.stop();
    await sweepWired();
  };
  try {
    const proxy = await start(
      container("proxy")
        .withCommand(["haproxy", "-W", "-db", "-f", "/etc/rates/haproxy.cfg"])
        .withCopyFilesToContainer([{ source: PROXY_CONFIG, target: "/etc/rates/haproxy.cfg", mode: 0o444 }])
        .withExposedPorts(8080)
        .withHealthCheck({ ...CHECK, test: ["CMD-SHELL", PROXY_CHECK] }),
    );
    const [database, api] = await Promise.all([
      start(
        withSecrets(container("database"))
          .withNetworkAliases(DATABASE_HOST)
          .withExposedPorts(5432)
          .withHealthCheck({ ...CHECK, test: ["CMD", "/opt/rates/healthcheck.sh"] }),
      ),
      start(
        withSecrets(container("api"))
          .withNetworkAliases(API_HOST)
          .withEnvironment(API_ENVIRONMENT)
          .withHealthCheck({ ...CHECK, test: ["CMD", "node", "/app/healthcheck.js"] }),
      ),
      start(
        withSecrets(container("queue"))
          .withNetworkAliases(QUEUE_HOST)
          .withHealthCheck({ ...CHECK, test: ["CMD", "/opt/rates/healthcheck.sh"] }),
      ),
    ]);
    return {
      baseUrl: `http://127.0.0.1:${proxy.getMappedPort(8080)}`,
      database: { host: "127.0.0.1", port: database.getMappedPort(5432), password: secrets["database-password"] },
      run: (command) => api.exec(command),
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const PROXY_CONFIG = join(findCheckout().root, "infra", "images", "proxy", "haproxy.cfg");
const PROXY_CHECK = "echo 'show info' | nc 127.0.0.1 9999 | grep -q '^Name: HAProxy'";

const API_ENVIRONMENT = {
  COPY_ID: "testcontainers-smoke",
  DATABASE_URL: `postgresql://rates@${DATABASE_HOST}:5432/rates`,
  DATABASE_PASSWORD_FILE: "/run/secrets/database-password",
  HOST: "0.0.0.0",
  PORT: "3000",
  PROXY_GATE: "1",
  QUEUE_URL: `postgresql://rates@${QUEUE_HOST}:5432/rates`,
  QUEUE_PASSWORD_FILE: "/run/secrets/queue-password",
  REVISION: "testcontainers",
} satisfies Partial<ServiceEnvironment>;

/** Removes what an earlier run left that was killed: its containers, and the networks they were on. */
async function sweepWired(): Promise<void> {
  const ids = await wiredContainers();
  if (ids.length === 0) return;
  const format = "{{range .NetworkSettings.Networks}}{{println .NetworkID}}{{end}}";
  const networks = (await useEngine(["inspect", "--format", format, ...ids])).split("\n").filter((id) => id !== "");
  await useEngine(["rm", "--force", "--volumes", ...ids]);
  // A network of somebody else's is in use, and the engine refuses.
  for (const id of new Set(networks)) await askEngine(["network", "rm", id]);
}

/** Ids of what runs or lies here of `startWired`. */
export async function wiredContainers(): Promise<string[]> {
  const output = await useEngine(["ps", "--all", "--quiet", "--filter", `label=${LABEL}`]);
  return output.split("\n").filter((line) => line !== "");
}

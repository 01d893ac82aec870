import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Checkout, findCheckout } from "infra/copies/checkout";
import { type Copy, copyOf } from "infra/copies/copy";
import { writeRecord } from "infra/copies/registry";
import type { SizeName } from "infra/copies/sizes";
import { passwordFiles } from "infra/runtimes/docker/address";
import { type Deployment, writeDeployment } from "infra/runtimes/docker/deployment";
import type { WantedRevision } from "infra/stacks/copy-stack";

/** The password of every copy made here, to be looked for where it must not be. */
export const KNOWN_PASSWORD = "correct-horse-battery-staple-4711";

export interface KnownCopy {
  readonly checkout: Checkout;
  readonly copy: Copy;
  readonly deployment: Deployment;
}

/** A docker copy as its files tell it, in a folder of the test's own; no engine has anything of it. */
export function writeKnownCopy(copiesDir: string, name: string, size: SizeName): KnownCopy {
  const checkout = findCheckout({ COPIES_DIR: copiesDir });
  const copy = copyOf(checkout, {
    version: 1,
    name,
    id: `${checkout.id}-${name}-0badcafe`,
    runtime: "docker",
    size,
    intent: "running",
    port: 3456,
    dump: { path: join(checkout.root, "db", "rates.sql"), bytes: 1, modifiedMs: 1, sha256: "0".repeat(64) },
    createdAt: "2026-01-02T03:04:05.678Z",
    docker: { databasePort: 5678, queuePort: 6789, subnet: "10.213.7.64/26" },
  });
  writeRecord(checkout, copy.record);
  mkdirSync(copy.paths.secrets, { recursive: true });
  for (const file of Object.values(passwordFiles(copy))) writeFileSync(file, `${KNOWN_PASSWORD}\n`);
  const images = {
    database: "rates/database:0123456789ab",
    queue: "rates/queue:abcdef012345",
    proxy: "rates/proxy:ba9876543210",
  };
  const deployment = { images, revision: wantedRevision("aaaaaaaaaaaa"), dump: copy.record.dump.sha256 };
  writeDeployment(copy, deployment);
  return { checkout, copy, deployment };
}

export function wantedRevision(revision: string): WantedRevision {
  const environment = {
    DATABASE_PASSWORD_FILE: "/run/secrets/database-password",
    DATABASE_URL: "postgresql://rates@database:5432/rates",
    PROXY_GATE: "1",
    QUEUE_PASSWORD_FILE: "/run/secrets/queue-password",
    QUEUE_URL: "postgresql://rates@queue:5432/rates",
    REVISION: revision,
  };
  return { revision, image: `rates/api:${revision}`, environment };
}

import { createHash } from "node:crypto";
import { join } from "node:path";
import { migrationsHash } from "db/migrate";
import type { Checkout } from "./checkout";
import { Problem } from "./problem";

/** Long enough for `feature-4711-new-rollup`, short enough for every name that is built from it (limit 63 bytes). */
const COPY_NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const COPY_NAME_MAX = 32;

/** @throws Problem when `name` cannot name a copy. */
export function checkCopyName(name: string): string {
  if (COPY_NAME.test(name) && name.length <= COPY_NAME_MAX) return name;
  throw new Problem(
    `"${name}" cannot name a copy: use lower-case letters, digits and single dashes, beginning with a letter, ` +
      `at most ${COPY_NAME_MAX} characters, for example "qa" or "feature-12".`,
  );
}

/** Where one copy keeps its files. Everything lies under `directory`, so removing that removes them all. */
export interface CopyPaths {
  readonly directory: string;
  readonly record: string;
  readonly secrets: string;
  readonly logs: string;
  readonly processes: string;
  readonly revisions: string;
  /** Files of the user, as the service is given them. */
  readonly files: string;
  /** The copy's Terraform configuration and state (docker). */
  readonly terraform: string;
}

export function copyPaths(checkout: Checkout, name: string): CopyPaths {
  const directory = join(checkout.copiesDir, name);
  return {
    directory,
    record: join(directory, "copy.json"),
    secrets: join(directory, "secrets"),
    logs: join(directory, "logs"),
    processes: join(directory, "processes"),
    revisions: join(directory, "revisions"),
    files: join(directory, "files"),
    terraform: join(directory, "terraform"),
  };
}

/** The folder of the checkout's one embedded data server. The dot keeps it apart from every copy's name. */
export function dataServerDirectory(checkout: Checkout): string {
  return join(checkout.copiesDir, ".server");
}

/** The folder of the checkout's one embedded queue server. */
export function queueServerDirectory(checkout: Checkout): string {
  return join(checkout.copiesDir, ".queue");
}

/** Build contexts and the state of the images of this checkout (docker). */
export function imagesDirectory(checkout: Checkout): string {
  return join(checkout.copiesDir, ".images");
}

/** Parts of dumps, each made once for all copies that want it. */
export function subsetsDirectory(checkout: Checkout): string {
  return join(checkout.copiesDir, ".subsets");
}

/** The folder of the locks that commands hold while they work on a copy. */
export function locksDirectory(checkout: Checkout): string {
  return join(checkout.copiesDir, ".locks");
}

/**
 * The id that a copy keeps from birth to removal: readable, and another one when a copy of the same name is born again.
 * @param birth random hex digits
 */
export function copyId(checkout: Checkout, name: string, birth: string): string {
  return `${checkout.id}-${name}-${birth}`;
}

/** Whether two ids are those of one name in one checkout, at whatever birth. */
export function isSameCopy(one: string, other: string): boolean {
  const withoutBirth = (id: string) => id.slice(0, id.lastIndexOf("-"));
  return withoutBirth(one) === withoutBirth(other);
}

/** Database and role of an embedded copy carry the same name, in the data server and in the queue server. */
export function databaseName(name: string): string {
  return `rates_${name.replaceAll("-", "_")}`;
}

/** A template database holding a dump as it was loaded and migrated, named by the content of both. */
export function pristineName(dumpSha256: string): string {
  const content = createHash("sha256").update(dumpSha256).update(migrationsHash()).digest("hex");
  return `pristine_${content.slice(0, 12)}`;
}

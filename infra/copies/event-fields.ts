import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { readEnvironment, readFields } from "rates/src/config";
import type { Checkout } from "./checkout";
import type { Copy } from "./copy";
import { SECRETS_FOLDER } from "./docker-names";
import { Problem } from "./problem";
import { writeFileAtomically } from "./registry";

/** The user's names for the fields of events, as a process is given them. */
export interface EventFieldsFile {
  /** Says what is in it, so another content is another revision, and two revisions find their own side by side. */
  readonly name: string;
  readonly content: string;
}

/**
 * The file that EVENT_FIELDS_FILE names, checked as the service will read it. A path that is not absolute begins in the checkout.
 * @returns undefined where none is named
 * @throws Problem naming the file and what is wrong with it
 */
export function eventFieldsFile({ root }: Pick<Checkout, "root">): EventFieldsFile | undefined {
  const { values } = readEnvironment({ env: process.env, directory: root });
  if (!values.EVENT_FIELDS_FILE) return undefined;
  const path = resolve(root, values.EVENT_FIELDS_FILE);
  try {
    readFields(path);
  } catch (cause) {
    throw new Problem(cause instanceof Error ? cause.message : String(cause), { cause });
  }
  const content = readFileSync(path, "utf8");
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
  return { name: `event-fields-${hash}.json`, content };
}

/** Writes the file into the copy's folder, where a later change or removal of the user's own does not reach it. */
export function keepEventFields({ checkout, paths }: Copy): void {
  const file = eventFieldsFile(checkout);
  if (file === undefined) return;
  mkdirSync(paths.files, { recursive: true });
  writeFileAtomically(join(paths.files, file.name), file.content);
}

/** The kept files that container environments name. @returns absolute path on this machine by name in SECRETS_FOLDER */
export function uploadedEventFields(
  { paths }: Pick<Copy, "paths">,
  environments: readonly Readonly<Record<string, string>>[],
): Record<string, string> {
  const named = environments.flatMap(({ EVENT_FIELDS_FILE: path }) =>
    path !== undefined && dirname(path) === SECRETS_FOLDER ? [basename(path)] : [],
  );
  return Object.fromEntries(named.map((name) => [name, join(paths.files, name)]));
}

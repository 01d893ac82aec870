import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Copy } from "../../copies/copy";
import { writeFileAtomically } from "../../copies/registry";
import { snapshot } from "./objects";

/** What an apply left: the configuration it was made from, and every object of the copy in the engine. */
interface Applied {
  /** SHA-256 of the synthesised stack. */
  readonly configuration: string;
  readonly objects: readonly string[];
}

/**
 * Whether the configuration is the one that was applied last and every object it made is there as it was. A plan would
 * find the same in 3 s, of which the provider sleeps 2 before it reads a network (docs/decisions/007-docker-provider.md);
 * `copy plan` asks it, and so does every `up` that finds anything else than this.
 */
export async function isAsApplied(copy: Copy, folder: string): Promise<boolean> {
  try {
    const applied = readFileSync(appliedFile(copy), "utf8");
    return applied === JSON.stringify(await describe(copy, folder));
  } catch {
    return false; // never applied to the end
  }
}

/** Writes down what there is after an apply. */
export async function rememberApplied(copy: Copy, folder: string): Promise<void> {
  writeFileAtomically(appliedFile(copy), JSON.stringify(await describe(copy, folder)));
}

async function describe({ checkout, record }: Copy, folder: string): Promise<Applied> {
  const configuration = createHash("sha256")
    .update(readFileSync(join(folder, "cdk.tf.json")))
    .digest("hex");
  return { configuration, objects: await snapshot(checkout, record.name) };
}

function appliedFile({ paths }: Copy): string {
  return join(paths.terraform, "applied.json");
}

import { findCheckout } from "infra/copies/checkout";
import { LABEL_CHECKOUT, LABEL_COPY } from "infra/copies/docker-names";
import { useEngine } from "infra/images/engine";
import type { CopiesFolder } from "./copies";

/** Everything but images that the engine holds of the copies in this folder, or of one of them. Images outlive copies. */
export async function engineObjects(copiesPath: string, copy?: string): Promise<string[]> {
  const labels = [`${LABEL_CHECKOUT}=${findCheckout({ COPIES_DIR: copiesPath }).id}`];
  if (copy) labels.push(`${LABEL_COPY}=${copy}`);
  const filters = labels.flatMap((label) => ["--filter", `label=${label}`]);
  const listed = await Promise.all([
    useEngine(["ps", "--all", "--format", "container {{.Names}}", ...filters]),
    useEngine(["network", "ls", "--format", "network {{.Name}}", ...filters]),
    useEngine(["volume", "ls", "--format", "volume {{.Name}}", ...filters]),
  ]);
  return listed.flatMap((text) => text.split("\n")).filter((line) => line !== "");
}

/** What is left on this machine of any copy in the folder: files, processes, and what the engine holds. */
export async function leftoversOf(copies: CopiesFolder): Promise<string[]> {
  return [...copies.leftovers(), ...(await engineObjects(copies.path))];
}

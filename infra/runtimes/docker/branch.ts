import type { Checkout } from "../../copies/checkout";
import { type Copy, copyOf } from "../../copies/copy";
import { dockerNames } from "../../copies/docker-names";
import { Problem } from "../../copies/problem";
import { type BranchOrigin, requireRecord } from "../../copies/registry";
import { useEngine } from "../../images/engine";
import { holdOrigin } from "../common";
import type { Step, UpContext } from "../runtime";
import { type Baked, bakedOf, readDeployment } from "./deployment";
import { hotCopy } from "./hot-copy";
import { undoHalfBirth } from "./removal";
import { serverContainer } from "./superuser";

/** The copy that a branch takes its data from, and what its database runs on, so that `pristine` is the same in both. */
export interface Origin extends Baked {
  readonly branch: BranchOrigin;
}

/** @throws Problem when there is no such copy, or it was never deployed */
export function originOf(checkout: Checkout, branch: BranchOrigin): Origin {
  const baked = bakedOf(readDeployment(copyOf(checkout, requireRecord(checkout, branch.copy))));
  if (baked) return { ...baked, branch };
  throw new Problem(`Copy "${branch.copy}" has no data yet. Bring it up: make up COPY=${branch.copy}`);
}

/**
 * Fills the data volume of a copy that is being born with the present data of another one, which goes on meanwhile. What a
 * birth that was cut short has made is removed first: its files may be a part.
 */
export function branchStep({ copy, signal }: UpContext, origin: Origin): Step {
  const { checkout, record } = copy;
  const { branch, image } = origin;
  return {
    title: "Data",
    async run() {
      await undoHalfBirth(copy);
      await using _held = await holdOrigin(checkout, record.name, branch);
      requireUnchanged(checkout, origin);
      const container = await serverContainer(copyOf(checkout, requireRecord(checkout, branch.copy)), "database");
      const from = dockerNames(checkout, branch.copy).dataVolume;
      await hotCopy({ container, from, image, signal, ...(await makeVolume(copy)) });
      return `of copy "${branch.copy}"`;
    },
  };
}

/** It may have been reset to another dump between the look at it and its lock. */
function requireUnchanged(checkout: Checkout, { branch, dump }: Origin): void {
  if (originOf(checkout, branch).dump === dump) return;
  throw new Problem(`Copy "${branch.copy}" was reset to another dump meanwhile. Try again.`);
}

/**
 * The volume carries the name and labels that Terraform gives it: to make one that is there changes nothing, and one that
 * is not empty is not filled from the image.
 */
async function makeVolume({ checkout, record }: Copy) {
  const names = dockerNames(checkout, record.name);
  const labels = names.labels("database");
  const labelling = Object.entries(labels).flatMap(([label, value]) => ["--label", `${label}=${value}`]);
  await useEngine(["volume", "create", ...labelling, names.dataVolume]);
  return { to: names.dataVolume, labels };
}

import { beforeEach, describe, expect, test } from "vitest";
import { BASE_IMAGES, ENGINE, needs } from "../../../tests/support/runtimes";
import { baseImage, chooseSources } from "../../runtimes/docker/airgap";
import { askEngine, useEngine } from "../engine";
import { BASE_NAMES, type BaseName } from "../pins";
import { type Clause, checkContract } from "./contract";
import { node } from "./node";
import { BASES } from "./stand-in";

/** Starting PostgreSQL in a container takes some 3 s, on a busy machine a multiple of that; a public image is pulled. */
const CONTRACT_TIMEOUT_MS = 300_000;

/** Whichever of the pair is used on this machine: so the contract is proved of both, each where it is used. */
async function imageInUse(base: BaseName): Promise<string> {
  const { images = "airgap" } = await chooseSources();
  return baseImage(base, images, { signal: new AbortController().signal, report: () => {} });
}

describe("the contract of a base image", { timeout: CONTRACT_TIMEOUT_MS }, () => {
  beforeEach(needs("docker", ENGINE, BASE_IMAGES));

  test.each(BASE_NAMES)("of %s is kept by the image in use, and nothing of the check is left", async (base) => {
    const image = await imageInUse(base);
    expect(await checkContract(image, BASES[base].contract)).toEqual([]);
    const filters = ["--filter", "label=rates.contract", "--filter", `ancestor=${image}`];
    expect(await useEngine(["ps", "--all", "--quiet", ...filters])).toBe("");
  });

  test("that an image does not keep is told clause by clause", async () => {
    const breaches = await checkContract(await imageInUse("haproxy"), node.contract);
    const promises = node.contract.map(({ says }) => says).filter((says) => says !== "a shell");
    expect(breaches.map((breach) => breach.split(":")[0])).toEqual(promises);
  });

  test("is asked again until its time is over, for what takes a moment", async () => {
    const clauses = (withinMs: number): Clause[] => [
      { says: "begun", run: ["sh", "-c", "sleep 1; touch /tmp/done"], background: true },
      { says: "done", run: ["ls", "/tmp/done"], expect: /^\/tmp\/done$/, withinMs },
    ];
    const image = await imageInUse("node");
    expect(await checkContract(image, clauses(60_000))).toEqual([]);
    expect(await checkContract(image, clauses(0))).toHaveLength(1);
  });

  test("is not asked of an image that cannot even be run: that is a Problem, not a breach", async () => {
    const nowhere = "rates-base/nowhere:none";
    expect((await askEngine(["image", "inspect", nowhere])).ok).toBe(false);
    await expect(checkContract(nowhere, node.contract)).rejects.toThrow("The container engine refused: docker run");
  });
});

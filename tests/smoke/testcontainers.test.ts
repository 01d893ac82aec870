import { findCheckout } from "infra/copies/checkout";
import { openConnection } from "infra/copies/connection";
import { LABEL_CHECKOUT } from "infra/copies/docker-names";
import { findDump } from "infra/copies/dump-source";
import { buildService } from "infra/images/api/bundle";
import { askEngine, useEngine } from "infra/images/engine";
import { chooseSources } from "infra/runtimes/docker/airgap";
import { ensureImages } from "infra/runtimes/docker/images";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { temporaryFolder } from "../support/folder";
import { ENGINE, needs, SOURCES, TERRAFORM } from "../support/runtimes";
import { startWired, wiredContainers } from "../support/wired-containers";
import { proveEveryLane } from "./rates-suite";

const folder = temporaryFolder();
/** The images are built anew by the real stack, for a checkout of the test's own. */
const checkout = findCheckout({ COPIES_DIR: folder.path });

/** Two builds: the dump is baked, the bundle is copied. */
const BUILD_LIMIT_MS = 600_000;

describe("Testcontainers: the images of the images stack are a whole copy, without Terraform", () => {
  beforeEach(needs("docker", ENGINE, TERRAFORM, SOURCES));

  afterAll(async () => {
    const { ok, output } = await askEngine([
      "image",
      "ls",
      "--quiet",
      "--filter",
      `label=${LABEL_CHECKOUT}=${checkout.id}`,
    ]);
    if (ok && output !== "") await useEngine(["image", "rm", "--force", ...new Set(output.split("\n"))]);
    folder[Symbol.dispose]();
  });

  test(
    "every lane with prices and 200 without, through the proxy, on PostgreSQL 13.5; and nothing is left",
    async ({ signal }) => {
      const images = await builtImages(signal);
      {
        await using containers = await startWired(images);
        await using database = await openConnection({ ...containers.database, user: "rates", database: "rates" });
        expect((await database.query("SHOW server_version")).rows).toEqual([{ server_version: "13.5" }]);
        const verdict = await proveEveryLane({ baseUrl: containers.baseUrl, database });
        expect(verdict.wrong).toEqual([]);
        expect(verdict.lanesWithPrices).toBeGreaterThan(100);
        expect(verdict.lanesWithout).toBe(200);
        const answered = await containers.run(["rates", "queue", "list"]);
        expect(answered).toMatchObject({
          exitCode: 0,
          output: expect.stringMatching(/No queue has been used yet|pushed-events/),
        });
        const answer = await fetch(`${containers.baseUrl}/`);
        expect(answer.headers.get("x-revision")).toBe("testcontainers");
        expect(await wiredContainers()).toHaveLength(4);
      }
      expect(await wiredContainers()).toEqual([]);
    },
    BUILD_LIMIT_MS,
  );
});

async function builtImages(signal: AbortSignal): ReturnType<typeof ensureImages> {
  const { images, provider } = await chooseSources();
  if (!images || !provider) throw new Error("there was a source when the test began");
  const [bundle, dump] = await Promise.all([buildService(checkout.root), findDump(checkout, {})]);
  const request = { checkout, bundle, dump, sources: { images, provider } };
  return ensureImages(request, { signal, report: () => {} });
}

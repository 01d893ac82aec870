import { join } from "node:path";
import { findProcesses, signalProcess } from "infra/copies/process-identity";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { writeChangedDump } from "../support/changed-dump";
import { type CopiesFolder, copiesFolder } from "../support/copies";
import { leftoversOf } from "../support/engine-objects";
import { temporaryFolder } from "../support/folder";
import { DOCKER_COPY, needs } from "../support/runtimes";
import { until } from "../support/until";

/** Images are built twice. */
const LIMIT_MS = 300_000;

describe("docker: an up that is killed with -9 while its database image is built", () => {
  const folder = temporaryFolder();
  let copies: CopiesFolder;

  beforeEach(needs("docker", ...DOCKER_COPY));

  afterEach(() => copies?.[Symbol.asyncDispose](), LIMIT_MS);

  /** The engine lists no container for what a build runs; the process is to be seen. */
  const isBaking = async () => findProcesses("/opt/rates/bake.sh").length > 0;

  /** A price that no dump had before makes a build that no layer is known of. */
  async function killDuringBuild(price: number, alsoTerraform: boolean): Promise<string> {
    const dump = join(folder.path, `rates-${price}.sql`);
    writeChangedDump(dump, (before, line) => (line === 1 ? price : before));
    copies = copiesFolder({ runtime: "docker" });
    const command = copies.copy(["up", "victim", "--rates-sql", dump]);
    await until("the dump to be loaded", isBaking);
    command.kill("SIGKILL");
    if (alsoTerraform) for (const pid of findProcesses(`-chdir=${copies.path}`)) signalProcess(-pid, "SIGKILL");
    await command;
    return dump;
  }

  test.each([
    { next: "up", alsoTerraform: false },
    { next: "down", alsoTerraform: false },
    { next: "up", alsoTerraform: true },
    { next: "down", alsoTerraform: true },
  ])(
    "is finished by the next $next (Terraform killed too: $alsoTerraform); nothing is left",
    async ({ next, alsoTerraform }) => {
      const dump = await killDuringBuild(1_000_000 + (Date.now() % 1_000_000), alsoTerraform);
      const args = next === "up" ? ["up", "victim", "--rates-sql", dump] : ["down", "victim"];
      const { exitCode, all } = await copies.copy(args, { timeout: LIMIT_MS });
      expect(exitCode, all).toBe(0);
      if (next === "up") {
        expect((await copies.status("victim"))?.state).toBe("running");
        expect((await copies.copy(["down", "victim"])).exitCode).toBe(0);
      }
      expect(await leftoversOf(copies)).toEqual([]);
      await until("the build to end", async () => !(await isBaking()));
    },
    LIMIT_MS,
  );
});

import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Artefact, Work } from "../../artefacts/artefact";
import { runCommand } from "../../artefacts/command";

/** The name under which the provider's own go.mod declares it, which is not where it lies. */
const MODULE = "github.com/terraform-providers/terraform-provider-docker";

/** Where it lies. This commit is 4.5.0 with later fixes; the module proxy has no older version. */
const REPLACEMENT = "github.com/kreuzwerker/terraform-provider-docker v0.0.0-20260916201441-96d331c98ff4";

/** What the provider is called in the mirror, for `~> 4.5` to be met. */
export const PROVIDER_VERSION = "4.5.0";

/** As Terraform looks for it. */
export const PROVIDER_PROGRAM = `terraform-provider-docker_v${PROVIDER_VERSION}`;

/** Without symbol table and debugging information: 76 MB instead of 110. */
const BUILD = ["build", "-mod=mod", "-trimpath", "-ldflags", "-s -w"];

/** Every how many compiled packages the progress line changes; there are some 1,450. */
const PROGRESS_STEP = 25;

/** Every requirement of the provider's is pinned by its go.mod, so this one line decides them all. */
const GO_MOD = `module rates/provider

go 1.21

require ${MODULE} v0.0.0

replace ${MODULE} => ${REPLACEMENT}
`;

/** The Docker provider's program, built by Go from the module proxy, whose check sums Go verifies. */
export const provider: Artefact = {
  name: `terraform-provider-docker-${PROVIDER_VERSION}`,
  recipe: { mod: GO_MOD, build: BUILD, program: PROVIDER_PROGRAM, platform: "linux_amd64" },
  tools: ["go"],
  build: buildProvider,
};

async function buildProvider(folder: string, work: Work): Promise<void> {
  const source = join(folder, "source");
  const program = join(folder, PROVIDER_PROGRAM);
  mkdirSync(source);
  writeFileSync(join(source, "go.mod"), GO_MOD);
  const args = [...BUILD, "-v", "-o", program, MODULE];
  // A workspace of the user's is meant for other builds; without C no compiler beside Go's is needed.
  const env = { GOWORK: "off", CGO_ENABLED: "0" };
  const what = "Building the Docker provider";
  await runCommand({ what, program: "go", args, cwd: source, env, onLine: countPackages(work) }, work);
  renameSync(join(source, "go.sum"), join(folder, "go.sum"));
  rmSync(source, { recursive: true });
}

/** `-v` names every module that is downloaded, then every package that is compiled. */
function countPackages({ report }: Work): (line: string) => void {
  let compiled = 0;
  report("fetching modules");
  return (line) => {
    if (line.startsWith("go: ")) return;
    compiled += 1;
    if (compiled % PROGRESS_STEP === 0) report(`${compiled} packages compiled`);
  };
}

import { execa } from "execa";
import { findProgram } from "../../artefacts/tools";
import { engineVersion } from "../../images/engine";
import type { Finding } from "../runtime";
import { airgapState, chooseSources } from "./airgap";
import { terraformProgram } from "./terraform";

/** What the docker runtime needs on this machine, and how what is missing is mended. */
export async function diagnose(): Promise<Finding[]> {
  return Promise.all([checkEngine(), checkTerraform(), checkSources()]);
}

async function checkEngine(): Promise<Finding> {
  const version = await engineVersion();
  const what = "A container engine";
  if (version) return { what, ok: true, found: version };
  return { what, ok: false, found: "none answers", mend: "start Docker, or on Debian: .ci/engine" };
}

async function checkTerraform(): Promise<Finding> {
  const what = "Terraform or OpenTofu";
  const program = findProgram(terraformProgram());
  if (!program) {
    return {
      what,
      ok: false,
      found: `${terraformProgram()} is not on the PATH`,
      mend: "install it, or TERRAFORM_BIN=/path/to/it",
    };
  }
  const { stdout } = await execa(program, ["version"], { env: { CHECKPOINT_DISABLE: "1" }, reject: false });
  return { what, ok: true, found: stdout.split("\n")[0] ?? program };
}

async function checkSources(): Promise<Finding> {
  const what = "Base images and provider";
  const { images, provider } = await chooseSources();
  if (images && provider) return { what, ok: true, found: `images: ${images}, provider: ${provider}` };
  const { directory } = airgapState();
  return { what, ok: false, found: `no public registry answers and ${directory} is not complete`, mend: "make airgap" };
}

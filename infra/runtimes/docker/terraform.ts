import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Work } from "../../artefacts/artefact";
import { runCommand } from "../../artefacts/command";
import { programOf } from "../../artefacts/tools";
import { Problem } from "../../copies/problem";

/** The provider's source address as a configuration names it; the host before it is the program's own default. */
export const PROVIDER_SOURCE = "kreuzwerker/docker";

/** Terraform, or what TERRAFORM_BIN names. */
export function terraformProgram(): string {
  return programOf("terraform");
}

/** A folder with a configuration that needs the provider and nothing else; `using` removes it. */
export function scratchConfiguration(version?: string): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "rates-terraform-"));
  const docker = version ? { source: PROVIDER_SOURCE, version } : { source: PROVIDER_SOURCE };
  writeFileSync(join(path, "main.tf.json"), JSON.stringify({ terraform: { required_providers: { docker } } }));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * The provider's full address, host first. Only the program knows its default host: Terraform and OpenTofu differ.
 * `providers` reads the configuration alone, so it asks no registry.
 */
export async function providerAddress(work: Pick<Work, "signal">): Promise<string> {
  using folder = scratchConfiguration();
  const what = "Asking Terraform for the provider's full address";
  const env = { CHECKPOINT_DISABLE: "1" };
  const request = { what, program: terraformProgram(), args: ["providers"], cwd: folder.path, env };
  const output = await runCommand(request, work);
  const address = output.match(/provider\[([^\]]+)\]/)?.[1];
  if (address) return address;
  throw new Problem(`${terraformProgram()} providers does not name the provider ${PROVIDER_SOURCE}:\n${output}`);
}

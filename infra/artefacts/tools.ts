import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { Problem } from "../copies/problem";

/** The programs that builds call, each with what installs it. */
const TOOLS = {
  docker: ".ci/engine",
  terraform: "install Terraform or OpenTofu; TERRAFORM_BIN=/path/to/it names one that is not on the PATH",
  go: "apt-get install -t bookworm-backports golang-go   (1.21 or newer; it fetches the toolchain it is asked for)",
  mvn: "apt-get install maven",
  npm: "install Node with npm",
  "apt-get": "only on Debian 12, whose packages the stand-ins are made of",
  "dpkg-deb": "only on Debian 12, whose packages the stand-ins are made of",
  tar: "apt-get install tar",
  xz: "apt-get install xz-utils",
} as const;

export type ToolName = keyof typeof TOOLS;

/** @throws Problem naming every tool that is missing, each with the command that installs it */
export function requireTools(names: readonly ToolName[], env: NodeJS.ProcessEnv = process.env): void {
  const missing = [...new Set(names)].filter((name) => !findProgram(programOf(name, env), env));
  if (missing.length === 0) return;
  const lines = missing.map((name) => `  ${programOf(name, env)}: ${TOOLS[name]}`);
  throw new Problem(`Not installed, and needed for what is not in the cache yet:\n${lines.join("\n")}`);
}

/** How the tool is called here: TERRAFORM_BIN may name OpenTofu, the others have one name. */
export function programOf(name: ToolName, env: NodeJS.ProcessEnv = process.env): string {
  return (name === "terraform" && env["TERRAFORM_BIN"]) || name;
}

/** The absolute path of a program as a shell would find it; undefined where there is none. */
export function findProgram(program: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (program.includes("/")) return isExecutable(program) ? resolve(program) : undefined;
  const folders = (env["PATH"] ?? "").split(delimiter).filter(isAbsolute);
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/folder";
import { findProgram, requireTools } from "./tools";

function program(folder: string, name: string, mode = 0o755): string {
  const path = join(folder, name);
  writeFileSync(path, "");
  chmodSync(path, mode);
  return path;
}

describe("the tools that builds call", () => {
  test("are all named when they are missing, each with what installs it", () => {
    using folder = temporaryFolder();
    program(folder.path, "npm");
    const require = () => requireTools(["npm", "mvn", "xz", "mvn"], { PATH: folder.path });
    expect(require).toThrow(/:\n {2}mvn: apt-get install maven\n {2}xz: apt-get install xz-utils$/);
  });

  test("are no Problem where all are there", () => {
    using folder = temporaryFolder();
    for (const name of ["npm", "mvn"]) program(folder.path, name);
    expect(() => requireTools(["npm", "mvn"], { PATH: folder.path })).not.toThrow();
  });

  test("include the Terraform that TERRAFORM_BIN names, and no other", () => {
    using folder = temporaryFolder();
    program(folder.path, "terraform");
    const env = { PATH: folder.path, TERRAFORM_BIN: join(folder.path, "tofu") };
    expect(() => requireTools(["terraform"], env)).toThrow(`${env.TERRAFORM_BIN}: install Terraform or OpenTofu`);
    program(folder.path, "tofu");
    expect(() => requireTools(["terraform"], env)).not.toThrow();
  });
});

describe("a program on the PATH", () => {
  test("is the first one that can be run; folders and plain files are passed over", () => {
    using folder = temporaryFolder();
    const [first, second, third] = ["first", "second", "third"].map((name) => join(folder.path, name));
    mkdirSync(join(first ?? "", "go"), { recursive: true });
    for (const path of [second, third]) mkdirSync(path ?? "");
    program(second ?? "", "go", 0o644);
    const found = program(third ?? "", "go");
    expect(findProgram("go", { PATH: [first, second, third].join(":") })).toBe(found);
  });

  test("is not looked for in the present folder, whatever an empty or relative entry says", () => {
    expect(findProgram("package.json", { PATH: ":.:" })).toBeUndefined();
  });

  test("is undefined where there is none", () => {
    expect(findProgram("go", { PATH: "/nowhere" })).toBeUndefined();
    expect(findProgram("go", {})).toBeUndefined();
  });
});

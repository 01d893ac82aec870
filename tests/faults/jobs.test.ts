import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CopiesFolder, copiesFolder } from "../support/copies";
import { temporaryFolder } from "../support/folder";

describe("embedded: jobs in a copy, its settings, and what up would change", () => {
  let copies: CopiesFolder;

  beforeAll(async () => {
    copies = copiesFolder();
    const { exitCode, all } = await copies.copy(["up", "qa"]);
    expect(exitCode, all).toBe(0);
  });

  afterAll(() => copies[Symbol.asyncDispose]());

  describe("run", () => {
    const node = (script: string) => ["run", "qa", "--", "node", "--eval", script];

    test("hands standard input on and standard output back, byte for byte", async () => {
      const input = randomBytes(200_000).toString("hex");
      const { exitCode, stdout } = await copies.copy(node("process.stdin.pipe(process.stdout)"), { input });
      expect([exitCode, stdout === input]).toEqual([0, true]);
    });

    test("keeps standard error apart", async () => {
      const { stdout, stderr } = await copies.copy(node("console.log('out'); console.error('err')"));
      expect([stdout, stderr]).toEqual(["out", "err"]);
    });

    test.each([0, 1, 7, 255])("ends with the job's exit code: %i", async (code) => {
      expect((await copies.copy(node(`process.exit(${code})`))).exitCode).toBe(code);
    });

    test("passes arguments as they are, also those that look like options or need quotes", async () => {
      const args = ["--json", "a b", "$HOME", "'", "-h"];
      const { stdout } = await copies.copy([
        ...node("console.log(JSON.stringify(process.argv.slice(1)))"),
        "--",
        ...args,
      ]);
      expect(JSON.parse(stdout)).toEqual(args);
    });

    test("gives the job the copy's environment, with secrets as paths only", async () => {
      const { stdout } = await copies.copy(node("console.log(JSON.stringify(process.env))"));
      const env = JSON.parse(stdout) as Record<string, string>;
      expect(env["COPY_ID"]).toMatch(/-qa-/);
      expect(env["DATABASE_URL"]).toMatch(/^postgresql:\/\/[^:@]+@/);
      expect(env["DATABASE_PASSWORD_FILE"]).toContain(join(copies.path, "qa", "secrets"));
    });

    test("in a copy that there is not is an error naming those there are", async () => {
      const { exitCode, all } = await copies.copy(["run", "nope", "--", "node", "--version"]);
      expect(exitCode).toBe(1);
      expect(all).toContain('No copy is called "nope". There is qa.');
    });
  });

  describe("config", () => {
    const rowOf = async (env: Record<string, string>) => {
      const { stdout } = await copies.copy(["config", "RATES_MAX_DAYS", "--json"], { env });
      return JSON.parse(stdout);
    };

    test("says that a value is the default, comes from the shell, or from CONFIG_FILE", async () => {
      using folder = temporaryFolder();
      const file = join(folder.path, "settings");
      writeFileSync(file, "RATES_MAX_DAYS=78\n");
      const [byDefault, byShell, byFile] = [
        await rowOf({}),
        await rowOf({ RATES_MAX_DAYS: "77" }),
        await rowOf({ CONFIG_FILE: file }),
      ];
      expect(byDefault).toEqual([{ name: "RATES_MAX_DAYS", value: "3660", from: "default" }]);
      expect(byShell).toMatchObject([{ value: "77", from: expect.not.stringContaining("default") }]);
      expect(byFile).toMatchObject([{ value: "78", from: expect.stringContaining(file) }]);
      expect(byShell[0].from).not.toBe(byFile[0].from);
    });

    test("of a setting that there is not is an error listing those there are", async () => {
      const { exitCode, all } = await copies.copy(["config", "RATES_MAX_DAY"]);
      expect(exitCode).toBe(1);
      expect(all).toMatch(/There is no setting RATES_MAX_DAY\. There is: .*RATES_MAX_DAYS/);
    });
  });

  describe("plan", () => {
    test("exits 0 and says so where up would change nothing", async () => {
      const { exitCode, stdout } = await copies.copy(["plan", "qa"]);
      expect([exitCode, stdout]).toEqual([0, 'Copy "qa" is as it should be: nothing would change.']);
    });

    test("exits 2 and names what another setting would change, and changes nothing", async () => {
      const before = await copies.status("qa");
      const { exitCode, stdout } = await copies.copy(["plan", "qa", "--json"], { env: { RATES_MAX_DAYS: "77" } });
      expect(exitCode).toBe(2);
      expect(JSON.parse(stdout)).toHaveLength(1);
      expect(await copies.status("qa")).toEqual(before);
    });

    test("exits 2 for a copy that is yet to be born, and makes nothing", async () => {
      const { exitCode, stdout } = await copies.copy(["plan", "unborn"]);
      expect([exitCode, stdout]).toEqual([2, 'bring copy "unborn" to life']);
      expect(await copies.status("unborn")).toBeUndefined();
    });
  });
});

import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, test } from "vitest";
import { buildService, type ServiceBundle } from "../../../infra/images/api/bundle";
import { testDatabase } from "../../../tests/support/database";
import { temporaryFolder } from "../../../tests/support/folder";
import { environmentFor, testApi } from "../../testing/api";

let bundle: ServiceBundle;

beforeAll(async () => {
  bundle = await buildService(resolve(__dirname, "../../.."));
});

describe("rates sample-batch and rates batch", () => {
  test("a sample is the same for the same seed, is taken, and is a replay the second time", async () => {
    await using database = await testDatabase("migrated");
    await using api = await testApi(database);
    using folder = temporaryFolder();
    const environment = { ...environmentFor(database), PORT: String(api.port) };
    const run = (args: readonly string[], input = "") =>
      execa(process.execPath, [bundle.file, ...args], { env: environment, cwd: folder.path, input, reject: false });
    const sample = await run(["sample-batch", "--rows", "5000"]);
    expect(sample.stdout.split("\n")).toHaveLength(5_001);
    expect((await run(["sample-batch", "--rows", "5000"])).stdout).toBe(sample.stdout);
    expect((await run(["sample-batch", "--rows", "5000", "--seed", "2"])).stdout).not.toBe(sample.stdout);
    const file = join(folder.path, "prices.csv");
    writeFileSync(file, `${sample.stdout}\n`);
    const sent = await run(["batch", file]);
    expect([sent.exitCode, JSON.parse(sent.stdout).rows], sent.stderr).toEqual([0, 5_000]);
    expect(sent.stderr).toMatch(/^sent 0\.1 MB$/);
    expect((await run(["batch", "-"], `${sample.stdout}\n`)).stdout).toBe(sent.stdout);
    const refused = await run(["batch", "-", "--key", "bad"], "orig_code\n");
    expect([refused.exitCode, JSON.parse(refused.stdout).status]).toEqual([1, 422]);
    const missing = await run(["batch", join(folder.path, "missing.csv")]);
    expect([missing.exitCode, missing.stderr]).toEqual([1, expect.stringContaining("missing.csv")]);
    const nobody = await run(["batch", file, "--url", "http://127.0.0.1:1"]);
    expect([nobody.exitCode, nobody.stderr]).toEqual([1, expect.stringContaining("127.0.0.1:1")]);
  });
});

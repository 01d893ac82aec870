import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { buildService } from "infra/images/api/bundle";
import { beforeAll, describe, expect, test } from "vitest";
import { testDatabase } from "../../../tests/support/database";
import { temporaryFolder } from "../../../tests/support/folder";
import { startFeed } from "../../../tests/upstreams/feed/simulator";
import { testApi } from "../../testing/api";
import { type PullPlace, pull, pullEnvironment } from "../../testing/feed";
import { ask } from "../../testing/http";

let bundle: string;

beforeAll(async () => {
  bundle = (await buildService(resolve(__dirname, "../../.."))).file;
});

function feed(place: PullPlace, args: readonly string[], cwd = "/") {
  const env = pullEnvironment(place);
  return execa(process.execPath, [bundle, "feed", ...args], { env, extendEnv: false, reject: false, cwd });
}

describe("rates feed", () => {
  test("export-ids writes every id once, in order, and prints how many and their checksum", async () => {
    await using upstream = await startFeed({ total: 3_000 });
    await using database = await testDatabase("migrated");
    using folder = temporaryFolder();
    await pull({ database, upstream });
    const { exitCode, stderr } = await feed({ database, upstream }, ["export-ids", "ids.txt"], folder.path);
    const text = readFileSync(join(folder.path, "ids.txt"), "utf8");
    const ids = text.trimEnd().split("\n");
    expect([exitCode, ids.length, new Set(ids).size]).toEqual([0, 3_000, 3_000]);
    expect(stderr).toContain(`3000 ids, sha256 ${createHash("sha256").update(text).digest("hex")}`);
    const piped = await feed({ database, upstream }, ["export-ids", "-"]);
    expect(`${piped.stdout}\n`).toBe(text);
  });

  test("/metrics of the API tells how far the pull is", async () => {
    await using upstream = await startFeed({ total: 3_000 });
    await using database = await testDatabase("migrated");
    await using api = await testApi(database);
    expect((await ask(api.port, "/metrics")).body).not.toContain("feed_pull{");
    await pull({ database, upstream });
    const lines = (await ask(api.port, "/metrics")).body.split("\n");
    for (const line of [
      'feed_pull{figure="stored"} 3000',
      'feed_pull{figure="expected"} 3000',
      'feed_pull{figure="complete"} 1',
    ]) {
      expect(lines).toContain(line);
    }
  });

  test("preflight finds everything in order, and says how long a pull takes", async () => {
    await using upstream = await startFeed({ total: 30_000 });
    await using database = await testDatabase("migrated");
    const { exitCode, stdout } = await feed({ database, upstream }, ["preflight", "--json"]);
    expect(exitCode, stdout).toBe(0);
    expect(JSON.parse(stdout)).toContainEqual({
      what: "duration",
      ok: true,
      found: expect.stringContaining("6 pages"),
    });
  });

  test("preflight fails on a wrong key and shows neither it nor the right one", async () => {
    await using upstream = await startFeed({ total: 100 });
    await using database = await testDatabase("migrated");
    const environment = { TARGET_API_KEY: "wrong-key-of-mine" };
    const { exitCode, stdout } = await feed({ database, upstream, environment }, ["preflight"]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/FAIL {2}\/events: 401/);
    expect(stdout).not.toMatch(/wrong-key-of-mine|feed-key-of-tests/);
  });

  test("submission prints a command that works in a shell, and the key is not in it", async () => {
    await using database = await testDatabase("migrated");
    using folder = temporaryFolder();
    const keyFile = join(folder.path, "key");
    writeFileSync(keyFile, "secret-of-mine\n");
    const upstream = { url: "http://127.0.0.1:9", key: "" };
    const environment = { TARGET_API_KEY_FILE: keyFile };
    const args = ["submission", "--file", "my ids.txt", "--repo", "https://github.com/you/it's"];
    const { exitCode, stdout } = await feed({ database, upstream, environment }, args);
    expect([exitCode, stdout.includes("secret-of-mine")]).toEqual([0, false]);
    expect(stdout).toContain(`"$(cat '${keyFile}')" | curl`);
    expect(stdout).toContain(
      "'http://127.0.0.1:9/api/v1/submissions?github_repo=https%3A%2F%2Fgithub.com%2Fyou%2Fit'\\''s'",
    );
    expect((await execa("sh", ["-n", "-c", stdout])).exitCode).toBe(0);
  });

  test.each([
    [{ API_BASE_URL: "" }, "API_BASE_URL is not set"],
    [{ TARGET_API_KEY: "" }, "TARGET_API_KEY_FILE is not set"],
    [{ API_BASE_URL: "http://user:hunter2@host/" }, "API_BASE_URL is a text of 25 characters"],
  ])("run with %j ends at once and names the setting", async (environment, problem) => {
    await using database = await testDatabase("migrated");
    const { exitCode, stderr } = await feed(
      { database, upstream: { url: "http://127.0.0.1:9", key: "k" }, environment },
      ["run"],
    );
    expect(exitCode).toBe(1);
    expect(stderr).toContain(problem);
    expect(stderr).not.toContain("hunter2");
  });

  test("run of a key that the upstream refuses ends, and says so without the key", async () => {
    await using upstream = await startFeed({ total: 100 });
    await using database = await testDatabase("migrated");
    const environment = { TARGET_API_KEY: "wrong-key-of-mine" };
    const { exitCode, all } = await execa(process.execPath, [bundle, "feed", "run"], {
      env: pullEnvironment({ database, upstream, environment }),
      extendEnv: false,
      reject: false,
      all: true,
    });
    expect(exitCode).toBe(1);
    expect(all).toMatch(/ingestion incomplete: 0 events are stored.*401/);
    expect(all).not.toContain("wrong-key-of-mine");
  });
});

import { resolve } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, test } from "vitest";
import { buildService, type ServiceBundle } from "../../../../infra/images/api/bundle";
import { type TestDatabase, testDatabase } from "../../../../tests/support/database";
import { temporaryFolder } from "../../../../tests/support/folder";
import { until } from "../../../../tests/support/until";
import { queueEnvironment, SIDE_BY_SIDE, testQueue } from "../../../testing/queue";

let bundle: ServiceBundle;

beforeAll(async () => {
  bundle = await buildService(resolve(__dirname, "../../../.."));
});

const once = { ...SIDE_BY_SIDE, attempts: 1 };

/** Runs the bundled service, as a copy does. */
async function rates(database: TestDatabase | undefined, ...args: readonly string[]) {
  using folder = temporaryFolder();
  const env = database ? queueEnvironment(database) : { DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" };
  return await execa(process.execPath, [bundle.file, "queue", ...args], { env, cwd: folder.path, reject: false });
}

async function parkTwo(database: TestDatabase): Promise<string[]> {
  await using queue = testQueue(database);
  queue.consume(once, async () => {
    throw new Error("it is poison");
  });
  for (const each of ["one", "two"]) await queue.publish(once, each);
  await until("both to be parked", async () => (await queue.parked(once.name)).length === 2);
  return (await queue.parked(once.name)).map(({ id }) => id);
}

describe("rates queue", () => {
  test("list tells every queue, and with a name what is parked there and why; for people and for scripts", async () => {
    await using database = await testDatabase("empty");
    expect((await rates(database, "list")).stdout).toBe("No queue has been used yet.");
    const [id] = await parkTwo(database);
    expect((await rates(database, "list")).stdout).toBe("side-by-side: 0 waiting, 0 running, 2 parked");
    expect(JSON.parse((await rates(database, "list", "--json")).stdout)).toEqual([
      { name: "side-by-side", waiting: 0, running: 0, parked: 2, oldest_seconds: null },
    ]);
    expect((await rates(database, "list", once.name)).stdout.split("\n")[0]).toMatch(
      new RegExp(`^${id} \\S+Z after 1 attempts, 5 characters: it is poison$`),
    );
    const [first] = JSON.parse((await rates(database, "list", once.name, "--json")).stdout);
    expect(first).toMatchObject({ id, attempts: 1, reason: "it is poison", characters: 5 });
  });

  test("retry and drop settle what is named, or all", async () => {
    await using database = await testDatabase("empty");
    const [id = "", other = ""] = await parkTwo(database);
    expect((await rates(database, "retry", once.name, id)).stdout).toBe(`${id} goes back to the queue`);
    expect((await rates(database, "list")).stdout).toMatch(
      /^side-by-side: 1 waiting, the oldest for \d+ s, 0 running, 1 parked$/,
    );
    expect(JSON.parse((await rates(database, "drop", once.name, "--all", "--json")).stdout)).toEqual([other]);
    expect((await rates(database, "drop", once.name, "--all")).stdout).toBe("No message of side-by-side is parked.");
    expect((await rates(database, "list")).stdout).toMatch(/0 parked$/);
  });

  test("what cannot be done is refused with the next step, exit code 1", async () => {
    await using database = await testDatabase("empty");
    const [id = ""] = await parkTwo(database);
    const refusals = [
      [["drop", once.name], "Name messages of side-by-side, or say --all. They are: rates queue list side-by-side"],
      [["retry", "none", id], 'No queue is called "none". There is side-by-side.'],
      [["drop", once.name, "x"], "Not parked in side-by-side: x. What is: rates queue list side-by-side"],
    ] as const;
    for (const [args, message] of refusals) {
      const { exitCode, stderr } = await rates(database, ...args);
      expect([exitCode, stderr]).toEqual([1, message]);
    }
    const { exitCode, stderr } = await rates(undefined, "list");
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("QUEUE_URL is not set")]);
  });
});

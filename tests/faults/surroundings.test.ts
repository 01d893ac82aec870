import { existsSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { cloneCheckout } from "../support/clone";
import { copiesFolder } from "../support/copies";
import { temporaryFolder } from "../support/folder";
import { expectReadmeAnswer } from "../support/readme-question";

const isRoot = process.getuid?.() === 0;

/** `unshare` with these makes a user namespace in which the command runs as an ordinary user. */
const AS_USER = ["-U", "--map-user=1000", "--map-group=1000"];

/**
 * The kernel refuses user namespaces to a process that runs in a chroot, so this runs a command in one: the same files,
 * seen through another mount. $1 is where to mount, $2 the working directory, the rest the command.
 */
const WITHOUT_NAMESPACES =
  'root=$1 && shift && mount --rbind / "$root" && exec chroot "$root" sh -c \'cd "$1" && shift && exec "$@"\' sh "$@"';

describe("embedded: works wherever it is cloned and whoever runs it", () => {
  test("make up in a clone whose path has spaces, with nothing but make", async () => {
    using clone = await cloneCheckout("rates with spaces ");
    const make = (...args: string[]) =>
      execa("make", args, { cwd: clone.root, env: { RUNTIME: "embedded" }, all: true, reject: false });
    const up = await make("up", "COPY=mine");
    expect(up.exitCode, up.all).toBe(0);
    const url = up.all.match(/is up at (http:\S+)/)?.[1];
    await expectReadmeAnswer(url);
    expect((await make("sql", "COPY=mine", "SQL=SELECT 'alive'")).all).toContain("alive");
    const down = await make("down", "COPY=mine");
    expect(down.exitCode, down.all).toBe(0);
    expect(existsSync(join(clone.root, ".copies"))).toBe(false);
  });

  test("two checkouts with a copy of the same name do not meet", async () => {
    await using one = copiesFolder();
    await using other = copiesFolder();
    for (const copies of [one, other]) expect((await copies.copy(["up", "same"])).exitCode).toBe(0);
    await one.copy(["sql", "same", "-c", "DELETE FROM lane_months"]);
    const url = (await other.status("same"))?.url;
    await expectReadmeAnswer(url);
    await one.copy(["down", "same"]);
    await expectReadmeAnswer(url);
  });

  test.skipIf(!isRoot)("as an ordinary user", async () => {
    await expectBirthUnder(AS_USER);
  });

  test.skipIf(!isRoot)("as root where user namespaces are refused", async () => {
    using mount = temporaryFolder();
    const chrooted = ["--mount", "bash", "-c", WITHOUT_NAMESPACES, "bash", mount.path, process.cwd()];
    const tried = await execa("unshare", [...chrooted, "unshare", ...AS_USER, "true"], { reject: false });
    expect(tried.exitCode).not.toBe(0);
    await expectBirthUnder(chrooted);
  });
});

/** Brings a copy up, asks it and takes it down, each command under `unshare` with these arguments. */
async function expectBirthUnder(unshare: readonly string[]): Promise<void> {
  await using copies = copiesFolder();
  const copy = (...args: string[]) =>
    execa("unshare", [...unshare, process.execPath, join("infra", "bin", "copy.js"), ...args], {
      env: { COPIES_DIR: copies.path, RUNTIME: "embedded" },
      all: true,
      reject: false,
    });
  const up = await copy("up", "mine");
  expect(up.exitCode, up.all).toBe(0);
  const url = up.all.match(/is up at (http:\S+)/)?.[1];
  await expectReadmeAnswer(url);
  const down = await copy("down", "mine");
  expect(down.exitCode, down.all).toBe(0);
  expect(copies.leftovers()).toEqual([]);
}

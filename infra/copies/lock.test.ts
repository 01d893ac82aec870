import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/folder";
import { findCheckout } from "./checkout";
import { holdLock, lockHolder } from "./lock";
import { locksDirectory } from "./names";
import { identifyProcess } from "./process-identity";

describe("the lock of a copy", () => {
  test("refuses a second holder and names the first with pid and command", async () => {
    using folder = temporaryFolder();
    const checkout = findCheckout({ COPIES_DIR: folder.path });
    await using _first = await holdLock(checkout, "qa", { purpose: "up qa" });
    await expect(holdLock(checkout, "qa", { purpose: "down qa" })).rejects.toThrow(
      `Copy "qa" is being worked on by "copy up qa" (pid ${process.pid}`,
    );
  });

  test("of twenty that ask at once, one gets it", async () => {
    using folder = temporaryFolder();
    const checkout = findCheckout({ COPIES_DIR: folder.path });
    const tries = Array.from({ length: 20 }, (_, index) => holdLock(checkout, "qa", { purpose: `up ${index}` }));
    const settled = await Promise.allSettled(tries);
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("is free again once it is disposed, and a waiting command then gets it", async () => {
    using folder = temporaryFolder();
    const checkout = findCheckout({ COPIES_DIR: folder.path });
    const first = await holdLock(checkout, "qa", { purpose: "up qa" });
    const second = holdLock(checkout, "qa", { purpose: "down qa", waitMs: 10_000 });
    await first[Symbol.asyncDispose]();
    await using _second = await second;
    expect(lockHolder(checkout, "qa")?.purpose).toBe("down qa");
  });

  test("of a process that was killed is free at once", async () => {
    using folder = temporaryFolder();
    const checkout = findCheckout({ COPIES_DIR: folder.path });
    await using _warmup = await holdLock(checkout, "other", { purpose: "make the folder" });
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    await once(child, "spawn");
    const dead = { ...identifyProcess(child.pid ?? 0), purpose: "up qa", since: new Date().toISOString() };
    writeFileSync(join(locksDirectory(checkout), "qa.json"), JSON.stringify(dead));
    expect(lockHolder(checkout, "qa")?.pid).toBe(child.pid);
    child.kill("SIGKILL");
    await once(child, "exit");
    await using _mine = await holdLock(checkout, "qa", { purpose: "down qa" });
    expect(lockHolder(checkout, "qa")?.pid).toBe(process.pid);
  });
});

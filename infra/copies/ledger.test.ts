import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { temporaryFolder } from "../../tests/support/folder";
import { findCheckout } from "./checkout";
import { type Owner, promise, releaseAll } from "./ledger";
import { promisePort } from "./port-ledger";
import { nextFreeSubnet } from "./subnets";

/** Apart from the copies' own ports and from those of the other tests. */
const range = { first: 21_600, last: 21_699 };

let folder: ReturnType<typeof temporaryFolder>;

beforeEach(() => {
  folder = temporaryFolder();
  // The ledger lies there, so that this test's promises are nobody else's.
  vi.stubEnv("TMPDIR", folder.path);
});

afterEach(() => {
  vi.unstubAllEnvs();
  folder[Symbol.dispose]();
});

/** A copy of a checkout; its file is there when it is born. */
function owner(checkout: string, { born = false } = {}): Owner {
  const file = join(folder.path, `${checkout}.json`);
  if (born) writeFileSync(file, "{}");
  return { file, title: `copy "dev" of /home/you/${checkout}` };
}

function promisedPorts(): string[] {
  const ledger = readdirSync(folder.path).find((name) => name.startsWith("rates-ledger-"));
  return ledger ? readdirSync(join(folder.path, ledger)).flatMap((name) => name.match(/^port-(\d+)$/)?.[1] ?? []) : [];
}

describe("the ledger of all checkouts", () => {
  test("never promises one port twice, also to twenty checkouts at once", async () => {
    const owners = Array.from({ length: 20 }, (_, index) => owner(`checkout-${index}`));
    const ports = await Promise.all(owners.map((one) => promisePort({ owner: one, range })));
    expect(new Set(ports).size).toBe(20);
    for (const port of ports) expect(port).toBeGreaterThanOrEqual(range.first);
  });

  test("refuses an explicit port that is promised, naming its owner", async () => {
    const port = await promisePort({ owner: owner("first", { born: true }), range });
    await expect(promisePort({ owner: owner("second"), range, port })).rejects.toThrow(
      `Port ${port} belongs to copy "dev" of /home/you/first`,
    );
  });

  test("gives an owner that asks for another port the new one, and the old one back to all", async () => {
    const first = owner("first", { born: true });
    const [old, wanted] = [await promisePort({ owner: first, range }), range.first + 50];
    expect(await promisePort({ owner: first, range, port: wanted })).toBe(wanted);
    expect(promisedPorts()).toEqual([String(wanted)]);
    expect(await promisePort({ owner: owner("second"), range, port: old })).toBe(old);
  });

  test("keeps an owner's ports of different ranges side by side", async () => {
    const first = owner("first", { born: true });
    const other = { first: 21_700, last: 21_799 };
    const ports = [await promisePort({ owner: first, range }), await promisePort({ owner: first, range: other })];
    expect(promisedPorts().sort()).toEqual(ports.map(String));
  });

  test("holds a promise while the process that made it lives, also before its copy is born", async () => {
    const port = await promisePort({ owner: owner("unborn"), range });
    expect(existsSync(owner("unborn").file)).toBe(false);
    expect(await promisePort({ owner: owner("second"), range })).not.toBe(port);
  });

  test("forgets the promise of a process that died before its copy was born", async () => {
    const port = await promisedByAnother(owner("dead"));
    expect(promisedPorts()).toEqual([String(port)]);
    expect(await promisePort({ owner: owner("second"), range, port })).toBe(port);
  });

  test("keeps the promise of a process that ended when its copy is born, until the copy is gone", async () => {
    const born = owner("born", { born: true });
    const port = await promisedByAnother(born);
    const second = owner("second", { born: true });
    await expect(promisePort({ owner: second, range, port })).rejects.toThrow("belongs to");
    await releaseAll(born.file);
    expect(promisedPorts()).toEqual([]);
    expect(await promisePort({ owner: second, range, port })).toBe(port);
  });

  test("removes what no longer holds when the next port is promised", async () => {
    const stale = await promisedByAnother(owner("dead"), range.last);
    await promisePort({ owner: owner("second"), range });
    expect(promisedPorts()).not.toContain(String(stale));
  });

  test("gives back all ports of an owner and nobody else's", async () => {
    const [first, second] = [owner("first"), owner("second")];
    await promisePort({ owner: first, range });
    const kept = await promisePort({ owner: second, range });
    await releaseAll(first.file);
    expect(promisedPorts()).toEqual([String(kept)]);
  });

  test("never promises one subnet twice, also to twenty checkouts at once, and keeps subnets and ports apart", async () => {
    const owners = Array.from({ length: 20 }, (_, index) => owner(`checkout-${index}`));
    const choose = (taken: ReadonlyMap<string, string>) => nextFreeSubnet([...taken.keys()], []);
    const wishes = owners.map((one) => promise({ kind: "subnet", use: "network", owner: one, choose }));
    const subnets = await Promise.all([...wishes, promisePort({ owner: owner("first"), range })]);
    expect(new Set(subnets.slice(0, -1)).size).toBe(20);
    expect(promisedPorts()).toHaveLength(1);
  });
});

/** A process of its own makes the promise and ends. */
async function promisedByAnother(promisee: Owner, port?: number): Promise<number> {
  const wish = JSON.stringify({ owner: promisee, range, port });
  const script = `require("./infra/copies/port-ledger").promisePort(${wish}).then(console.log)`;
  const args = ["--require", "ts-node/register/transpile-only", "--eval", script];
  const { stdout } = await execa(process.execPath, args, { cwd: findCheckout().root });
  return Number(stdout);
}

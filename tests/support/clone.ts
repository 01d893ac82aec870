import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { findCheckout } from "infra/copies/checkout";

const ROOT = findCheckout().root;

/** A working tree of this repository beside the first, for tests that change files or need another path. */
export interface Clone extends Disposable {
  readonly root: string;
}

/**
 * Copies every file that git knows or would add. The dependencies are links to the ones installed here, so nothing is
 * downloaded; the workspaces are the clone's own.
 * @param name the folder's name; a space in it has to work
 */
export async function cloneCheckout(name = "rates clone "): Promise<Clone> {
  const root = mkdtempSync(join(tmpdir(), name));
  const { stdout } = await execa("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
  });
  for (const file of stdout.split("\0").filter((path) => path !== "")) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    cpSync(join(ROOT, file), join(root, file));
  }
  linkDependencies(root);
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

function linkDependencies(root: string): void {
  const modules = join(root, "node_modules");
  mkdirSync(modules);
  const own = ["infra", "db", "rates", "tests"];
  for (const entry of readdirSync(join(ROOT, "node_modules"))) {
    const target = own.includes(entry) ? join("..", entry) : join(ROOT, "node_modules", entry);
    symlinkSync(target, join(modules, entry));
  }
  // `make` installs where this file is older than the lock file; here everything is installed.
  rmSync(join(modules, ".package-lock.json"));
  cpSync(join(ROOT, "node_modules", ".package-lock.json"), join(modules, ".package-lock.json"));
  utimesSync(join(modules, ".package-lock.json"), new Date(), new Date());
}

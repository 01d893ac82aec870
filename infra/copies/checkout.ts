import { createHash } from "node:crypto";
import { existsSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** One working tree of this repository, and where it keeps what belongs to its copies. */
export interface Checkout {
  readonly root: string;
  /** Everything about the copies lives here and nowhere else: `.copies`, or what COPIES_DIR names. */
  readonly copiesDir: string;
  /** Eight hex digits that differ between two checkouts on one machine; part of every physical name. */
  readonly id: string;
}

/**
 * The checkout this code belongs to.
 * @param env COPIES_DIR moves the copies elsewhere (tests do that); the id follows it, so that two never mix.
 */
export function findCheckout(env: NodeJS.ProcessEnv = process.env): Checkout {
  const root = findRoot(__dirname);
  const copiesDir = env["COPIES_DIR"] ? resolve(env["COPIES_DIR"]) : join(root, ".copies");
  return { root, copiesDir, id: createHash("sha256").update(realpathOf(copiesDir)).digest("hex").slice(0, 8) };
}

/** The same code runs from source, from a bundle and under a test runner, each with another `__dirname`. */
function findRoot(from: string): string {
  if (existsSync(join(from, "infra", "package.json"))) return realpathSync(from);
  const parent = dirname(from);
  if (parent === from) throw new Error(`${__dirname} is not inside a checkout of this repository`);
  return findRoot(parent);
}

/** Symbolic links resolved as far as the path exists: the folder itself is made by the first copy. */
function realpathOf(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  return join(realpathOf(dirname(path)), path.slice(dirname(path).length));
}

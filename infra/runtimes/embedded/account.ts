import { chownSync, cpSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import type { PostgresBinaries } from "./binaries";

/**
 * How PostgreSQL is run, given that it refuses to run as root:
 * `self`: this user is not root. `namespace`: root, in a user namespace where it appears as somebody else, so nothing
 * is chowned and nothing has to be reachable for others. `spare`: root where namespaces are refused (many
 * containers): a spare uid, which needs the binaries and the data in a folder that it can reach.
 */
export type AccountKind = "self" | "namespace" | "spare";

/** `nobody` on Linux: exists everywhere and owns nothing. macOS has no such case, nobody works as root there. */
const NOBODY = 65_534;

const NAMESPACE = ["-U", `--map-user=${NOBODY}`, `--map-group=${NOBODY}`];

let chosen: Promise<AccountKind> | undefined;

/** Found out by trying, once per process. */
export function chooseAccount(): Promise<AccountKind> {
  chosen ??= tryAccounts();
  return chosen;
}

async function tryAccounts(): Promise<AccountKind> {
  if (process.getuid?.() !== 0) return "self";
  const tried = await execa("unshare", [...NAMESPACE, "true"], { reject: false });
  return tried.failed ? "spare" : "namespace";
}

/** A program and its arguments as they have to be started under the account. */
export function commandFor(account: AccountKind, program: string, args: readonly string[]): [string, string[]] {
  if (account === "namespace") return ["unshare", [...NAMESPACE, program, ...args]];
  return [program, [...args]];
}

/** The options of a spawn that make it run under the account. */
export function spawnIdentity(account: AccountKind): { uid?: number; gid?: number } {
  return account === "spare" ? { uid: NOBODY, gid: NOBODY } : {};
}

/** Gives a file or folder to the account. */
export function giveTo(account: AccountKind, path: string): void {
  if (account === "spare") chownSync(path, NOBODY, NOBODY);
}

/**
 * Where the account can keep a cluster. A spare uid cannot pass the closed home of root, so it gets a folder below
 * /var/tmp, named after the server's own one.
 */
export function dataFolder(account: AccountKind, directory: string): string {
  if (account !== "spare" || existsSync(join(directory, "pgdata"))) return directory;
  return spareFolder(directory);
}

export function spareFolder(directory: string): string {
  return join("/var/tmp", `rates${directory.replaceAll(/[^a-zA-Z0-9]+/g, "-")}`);
}

export function makeFolder(account: AccountKind, folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  giveTo(account, folder);
}

/** The binaries where the account can read them: a spare uid gets a copy in `folder`, complete or not at all. */
export function reachableBinaries(account: AccountKind, binaries: PostgresBinaries, folder: string): PostgresBinaries {
  if (account !== "spare") return binaries;
  const home = join(folder, "postgres");
  if (!existsSync(home)) {
    const unfinished = `${home}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    cpSync(binaries.home, unfinished, { recursive: true, verbatimSymlinks: true });
    renameSync(unfinished, home);
  }
  return { home, initdb: join(home, "bin", "initdb"), postgres: join(home, "bin", "postgres") };
}

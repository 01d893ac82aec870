import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Account } from "./recipe";

const ROOT: Account = { name: "root", id: 0, home: "/root" };

/** Debian gives nobody a group of another name. */
const NOBODY_ID = 65_534;

/** Writes the files that turn numbers into names: PostgreSQL refuses to run under a number without a name. */
export function writeAccounts(root: string, accounts: readonly Account[]): void {
  const all = [ROOT, ...accounts];
  const users = all.map(({ name, id, home }) => `${name}:x:${id}:${id}::${home}:/bin/sh`);
  const groups = all.map(({ name, id }) => `${name}:x:${id}:`);
  const nobody = `nobody:x:${NOBODY_ID}:${NOBODY_ID}::/nonexistent:/bin/false`;
  writeFileSync(join(root, "etc", "passwd"), lines([...users, nobody]));
  writeFileSync(join(root, "etc", "group"), lines([...groups, `nogroup:x:${NOBODY_ID}:`]));
  writeFileSync(join(root, "etc", "nsswitch.conf"), lines(["passwd: files", "group: files", "hosts: files dns"]));
}

function lines(all: readonly string[]): string {
  return `${all.join("\n")}\n`;
}

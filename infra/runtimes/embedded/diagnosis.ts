import { mkdirSync, rmdirSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { execa } from "execa";
import type { Checkout } from "../../copies/checkout";
import type { Finding } from "../runtime";
import { chooseAccount } from "./account";
import { findBinaries } from "./binaries";

/** A cluster with the shipped data takes about 60 MB, and PostgreSQL wants room for its log. */
const DISK_MIN_MIB = 300;

const ACCOUNTS = {
  self: "this user",
  namespace: "root, PostgreSQL in a user namespace",
  spare: "root without user namespaces, PostgreSQL under uid 65534 with its data in /var/tmp",
} as const;

/** What the embedded runtime needs on this machine, and how what is missing is mended. */
export async function diagnose(checkout: Checkout): Promise<Finding[]> {
  return [await checkPostgres(), await checkAccount(), checkFolder(checkout), checkDisk(checkout)];
}

async function checkPostgres(): Promise<Finding> {
  const what = "PostgreSQL from npm";
  try {
    const { stdout } = await execa(findBinaries().postgres, ["--version"]);
    return { what, ok: true, found: stdout };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return { what, ok: false, found, mend: "npm ci" };
  }
}

async function checkAccount(): Promise<Finding> {
  return { what: "An account that PostgreSQL accepts", ok: true, found: ACCOUNTS[await chooseAccount()] };
}

function checkFolder({ copiesDir }: Checkout): Finding {
  const what = "A folder for the copies";
  try {
    const made = mkdirSync(copiesDir, { recursive: true });
    if (made) rmdirSync(copiesDir);
    return { what, ok: true, found: copiesDir };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return { what, ok: false, found, mend: "COPIES_DIR=/a/folder/of/yours make up" };
  }
}

function checkDisk({ copiesDir }: Checkout): Finding {
  const { bavail, bsize } = statfsSync(dirname(copiesDir));
  const free = Math.round((bavail * bsize) / 1024 / 1024);
  const finding = { what: "Disk space", found: `${free} MiB free` };
  if (free >= DISK_MIN_MIB) return { ...finding, ok: true };
  return { ...finding, ok: false, mend: `free at least ${DISK_MIN_MIB} MiB, or COPIES_DIR=/a/larger/disk make up` };
}

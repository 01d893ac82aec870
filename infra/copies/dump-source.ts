import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Subset, writeSubset } from "db/subset/subset";
import type { Checkout } from "./checkout";
import { subsetsDirectory } from "./names";
import { Problem } from "./problem";
import { type DumpReference, isReadable, listRecords } from "./registry";

/** What data a copy is to be born with. */
export interface DumpWish extends Subset {
  /** RATES_SQL: a dump of the user's own; undefined takes db/rates.sql. */
  readonly ratesSql?: string;
}

/**
 * The dump a birth would take: the user's own or the shipped one, whole or the part of it that is wanted, which is made
 * when it is not there yet.
 * @param known a reference whose content need not be read again while size and time are the same
 * @throws DumpError naming file and line, where a part of a bad dump is wanted
 */
export async function findDump(checkout: Checkout, wish: DumpWish, known?: DumpReference): Promise<DumpReference> {
  const { ratesSql, days, lanes } = wish;
  const path = ratesSql ? resolve(ratesSql) : join(checkout.root, "db", "rates.sql");
  const whole = await refer(path, known?.subset?.of ?? known);
  if (days === undefined && lanes === undefined) return whole;
  return findSubset(checkout, whole, { ...(days ? { days } : {}), ...(lanes ? { lanes } : {}) });
}

/** The dump a copy would be born from if it were born again as it was: what has become of the file it names. */
export function findDumpAgain(checkout: Checkout, known: DumpReference): Promise<DumpReference> {
  const { path } = known.subset?.of ?? known;
  return findDump(checkout, { ratesSql: path, ...partOf(known) }, known);
}

/** As a person reads it: `/home/you/rates/db/rates.sql, last 7 days, 20 lanes`. */
export function describeDump(dump: DumpReference): string {
  const { days, lanes } = partOf(dump);
  const parts = [...(days ? [`last ${days} days`] : []), ...(lanes ? [`${lanes} lanes`] : [])];
  return [(dump.subset?.of ?? dump).path, ...parts].join(", ");
}

function partOf({ subset }: DumpReference): Subset {
  return { ...(subset?.days ? { days: subset.days } : {}), ...(subset?.lanes ? { lanes: subset.lanes } : {}) };
}

/** The file's name says all that decides its content, and it is there whole or not at all. */
async function findSubset(checkout: Checkout, of: DumpReference, subset: Subset): Promise<DumpReference> {
  const key = [of.sha256.slice(0, 12), `${subset.days ?? "all"}-days`, `${subset.lanes ?? "all"}-lanes`].join("-");
  const path = join(subsetsDirectory(checkout), `${key}.sql`);
  mkdirSync(subsetsDirectory(checkout), { recursive: true });
  if (!existsSync(path)) await writeSubset(of.path, path, subset);
  return { ...(await refer(path)), subset: { ...subset, of } };
}

/** Removes parts of dumps that no copy was born from. @returns a line for each */
export function removeUnusedSubsets(checkout: Checkout): string[] {
  const directory = subsetsDirectory(checkout);
  const records = listRecords(checkout);
  // A copy whose record cannot be read may have been born from any of them.
  if (!existsSync(directory) || !records.every(isReadable)) return [];
  const used = new Set(records.map(({ dump }) => dump.path));
  const unused = readdirSync(directory)
    .map((name) => join(directory, name))
    .filter((path) => !used.has(path));
  for (const path of unused) rmSync(path, { force: true });
  return unused;
}

async function refer(path: string, known?: DumpReference): Promise<DumpReference> {
  const { size: bytes, mtimeMs: modifiedMs } = statOf(path);
  if (known?.path === path && known.bytes === bytes && known.modifiedMs === modifiedMs) return known;
  return { path, bytes, modifiedMs, sha256: await hashOf(path) };
}

function statOf(path: string): { size: number; mtimeMs: number } {
  try {
    const stat = statSync(path);
    if (stat.isFile()) return stat;
  } catch (cause) {
    throw new Problem(`The dump ${path} cannot be read. Name a file with RATES_SQL=/path/to/rates.sql`, { cause });
  }
  throw new Problem(`The dump ${path} is no file. Name a file with RATES_SQL=/path/to/rates.sql`);
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}

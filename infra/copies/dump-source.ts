import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Checkout } from "./checkout";
import { Problem } from "./problem";
import type { DumpReference } from "./registry";

/**
 * The dump a birth would take: the user's own (RATES_SQL), or the shipped one.
 * @param known a reference whose content need not be read again while size and time are the same
 */
export async function findDump(checkout: Checkout, own?: string, known?: DumpReference): Promise<DumpReference> {
  const path = own ? resolve(own) : join(checkout.root, "db", "rates.sql");
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

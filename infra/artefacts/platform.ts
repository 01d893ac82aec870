import { readFileSync } from "node:fs";
import { Problem } from "../copies/problem";

/** The one platform for which every registry has its part: Maven has no PostgreSQL 13.5 for arm64. */
const PLATFORM = "linux-x64";

/** The Debian release whose packages are used: HAProxy 2.6 is this one's. */
export const DEBIAN_RELEASE = "bookworm";

const OS_RELEASE = "/etc/os-release";

/** @throws Problem on a machine where images and provider cannot be built from packages */
export function requirePlatform(): void {
  const platform = `${process.platform}-${process.arch}`;
  if (platform !== PLATFORM) throw notHere(PLATFORM, platform);
  const release = releaseIn(readFileSync(OS_RELEASE, "utf8"));
  if (release !== DEBIAN_RELEASE) throw notHere(`Debian 12, "${DEBIAN_RELEASE}"`, `"${release}" (${OS_RELEASE})`);
}

/** @param text os-release(5) */
export function releaseIn(text: string): string {
  return text.match(/^VERSION_CODENAME="?([^"\n]+)/m)?.[1] ?? "unknown";
}

function notHere(wanted: string, found: string): Problem {
  return new Problem(
    `Base images and provider can be built from packages on ${wanted} alone, and this is ${found}. ` +
      "Use the public registries here, or RUNTIME=embedded.",
  );
}

import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

/**
 * The folder that all checkouts of this user share for what takes minutes to build. Deleting it loses nothing else.
 * @param env AIRGAP_CACHE names it; otherwise it lies where the XDG rules put caches (a relative XDG_CACHE_HOME is
 * to be ignored, they say)
 */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  if (env["AIRGAP_CACHE"]) return resolve(env["AIRGAP_CACHE"]);
  const home = env["XDG_CACHE_HOME"];
  return join(home && isAbsolute(home) ? home : join(homedir(), ".cache"), "rates");
}

import { homedir } from "node:os";
import { expect, test } from "vitest";
import { cacheDirectory } from "./cache";

test.each([
  [{ AIRGAP_CACHE: "/a/cache", XDG_CACHE_HOME: "/xdg" }, "/a/cache"],
  [{ XDG_CACHE_HOME: "/xdg" }, "/xdg/rates"],
  [{ XDG_CACHE_HOME: "relative" }, `${homedir()}/.cache/rates`],
  [{ AIRGAP_CACHE: "" }, `${homedir()}/.cache/rates`],
  [{ AIRGAP_CACHE: "relative" }, `${process.cwd()}/relative`],
])("with %j the cache lies in %s", (env, expected) => {
  expect(cacheDirectory(env)).toBe(expected);
});

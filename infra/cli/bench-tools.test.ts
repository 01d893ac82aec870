import { afterEach, expect, test, vi } from "vitest";
import { diagnoseBenchTools } from "./bench-tools";

afterEach(() => vi.unstubAllEnvs());

test("each tool of make bench that is missing is named with Debian's package of it", async () => {
  vi.stubEnv("PATH", "/nowhere");
  expect((await diagnoseBenchTools()).map(({ what, ok, mend }) => [what.split(":")[0], ok, mend])).toEqual([
    ["psql", false, "apt-get install postgresql-client"],
    ["pgbench", false, "apt-get install postgresql-contrib"],
    ["wrk", false, "apt-get install wrk"],
  ]);
});

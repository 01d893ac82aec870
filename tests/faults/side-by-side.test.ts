import { readFileSync } from "node:fs";
import { join } from "node:path";
import { signalProcess } from "infra/copies/process-identity";
import { describe } from "vitest";
import type { CopiesFolder } from "../support/copies";
import { testSideBySide } from "./side-by-side-suite";

/** Twenty in a pull request too: they are up in seconds. */
const COUNT = 20;

describe(`embedded: ${COUNT} copies side by side do not touch each other`, () => {
  testSideBySide({
    runtime: "embedded",
    count: COUNT,
    leftovers: async (copies) => copies.leftovers(),
    killApi: async ({ path }: CopiesFolder, name) => {
      const record = readFileSync(join(path, name, "processes", "api.json"), "utf8");
      signalProcess((JSON.parse(record) as { pid: number }).pid, "SIGKILL");
    },
  });
});

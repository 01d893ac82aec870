import { defineConfig } from "vitest/config";
import { Report } from "./tests/support/report.mts";

/**
 * Three kinds of test, one run: `unit` lies beside its source, `smoke` asks a whole copy, `faults` breaks one.
 * Files of one kind run side by side; smoke and faults bring up copies, so they run one file at a time.
 */
export default defineConfig({
  test: {
    reporters: ["default", new Report()],
    globalSetup: ["tests/support/global-server.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: { name: "unit", include: ["{infra,db,rates}/**/*.test.ts", "tests/{support,upstreams}/**/*.test.ts"] },
      },
      {
        extends: true,
        test: {
          name: "smoke",
          include: ["tests/smoke/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "faults",
          include: ["tests/faults/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 600_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});

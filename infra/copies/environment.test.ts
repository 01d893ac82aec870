import { expect, test } from "vitest";
import { graceMs } from "./environment";

test.each([
  ["by default 10 minutes for a batch, 15 s for its answer, 5 s to spare", {}, 620_000],
  ["as set, the same", { BATCH_TIMEOUT_MS: "60000", DRAIN_TIMEOUT_MS: "5000" }, 70_000],
  ["an empty setting counts as not set", { BATCH_TIMEOUT_MS: "", DRAIN_TIMEOUT_MS: "" }, 620_000],
])("a process is killed no sooner than its longest batch may end: %s", (_name, environment, expected) => {
  expect(graceMs(environment)).toBe(expected);
});

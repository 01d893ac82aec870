import { describe } from "vitest";
import { testData } from "./data-suite";

describe("embedded: reset, branches, parts of a dump, and how copies differ", () => {
  testData({ runtime: "embedded" });
});

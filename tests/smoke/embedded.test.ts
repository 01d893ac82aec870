import { describe } from "vitest";
import { describeCopies } from "./copies-suite";

describe("embedded: /rates of a running copy equals the task's query", () => {
  describeCopies({ runtime: "embedded" });
});

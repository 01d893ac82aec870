import { describe } from "vitest";
import { testFields } from "./events-fields-suite";

describe("embedded: names of event fields from a file of the user", () => {
  testFields({ runtime: "embedded" });
});

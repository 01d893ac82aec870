import { describe } from "vitest";
import { KILLED_UP, testKilledUps } from "./killed-up-suite";

describe(`embedded: ${KILLED_UP}`, () => {
  testKilledUps({ runtime: "embedded", leftovers: async (copies) => copies.leftovers() });
});

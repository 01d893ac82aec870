import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "dotenv";
import { describe, expect, test } from "vitest";
import { loadConfig, variables } from "../../config";
import { renderEnvExample, renderMarkdown } from "./reference";

const root = resolve(__dirname, "../../../..");
const advice = "out of date: run `npx ts-node -T rates/config-reference.ts`";

describe("the reference of the configuration", () => {
  test.each([
    [".env.example", renderEnvExample(variables)],
    ["docs/configuration.md", renderMarkdown(variables)],
  ])("%s is what the specification generates", (file, generated) => {
    expect(readFileSync(resolve(root, file), "utf8"), advice).toBe(generated);
  });

  test(".env.example is a usable .env as it stands", () => {
    expect(() => loadConfig(parse(renderEnvExample(variables)))).not.toThrow();
  });

  test("every variable is in both references", () => {
    for (const name of Object.keys(variables)) {
      expect(renderEnvExample(variables)).toMatch(new RegExp(`^#? ?${name}=`, "m"));
      expect(renderMarkdown(variables)).toContain(`| \`${name}\` |`);
    }
  });
});

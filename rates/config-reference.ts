import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { variables } from "./src/config";
import { renderEnvExample, renderMarkdown } from "./src/platform/config/reference";

const root = resolve(__dirname, "..");
writeFileSync(resolve(root, ".env.example"), renderEnvExample(variables));
writeFileSync(resolve(root, "docs/configuration.md"), renderMarkdown(variables));

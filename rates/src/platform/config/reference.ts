import type { Variable } from "./variable";

type Variables = Readonly<Record<string, Variable<unknown>>>;

const ORIGIN = "Generated from rates/src/config.ts by `npx ts-node -T rates/config-reference.ts`; do not edit.";

/** The text of `.env.example`: every variable with its meaning, those that may be left out commented out. */
export function renderEnvExample(variables: Variables): string {
  const entries = Object.entries(variables).map(([name, variable]) =>
    [
      `# ${variable.about}`,
      `# Valid: ${variable.parser.valid}.${unitOf(variable, (unit) => ` Unit: ${unit}.`)} ${presenceOf(variable)}.`,
      variable.presence === "required"
        ? `${name}=${variable.example}`
        : `# ${name}=${variable.fallback || variable.example}`,
    ].join("\n"),
  );
  return [`# ${ORIGIN}\n# Copy it to .env, or name a file like it in CONFIG_FILE.`, ...entries, ""]
    .join("\n\n")
    .trimEnd()
    .concat("\n");
}

/** The text of `docs/configuration.md`: how values are found, and the table of all variables. */
export function renderMarkdown(variables: Variables): string {
  const rows = Object.entries(variables).map(([name, variable]) => {
    const cells = [`\`${name}\``, variable.about, variable.parser.valid, variable.unit ?? "", presenceOf(variable)];
    return `| ${[...cells, `\`${variable.example}\``].join(" | ")} |`;
  });
  return `${INTRODUCTION}\n${rows.join("\n")}\n`;
}

const INTRODUCTION = `<!-- ${ORIGIN} -->
# Configuration of the service

The service takes every setting from environment variables. A value is looked for in three places, and the first that mentions the variable wins, even with an empty value:

1. the environment of the process;
2. the file that \`CONFIG_FILE\` names, in dotenv syntax (a file that is missing is an error);
3. \`.env\` in the working directory, in the same syntax.

An empty value means "not set". All problems are reported at once, before anything is started. Secrets are never values: a variable that ends in \`_FILE\` names the file that holds one.

| Variable | Meaning | Valid | Unit | When left out | Example |
| --- | --- | --- | --- | --- | --- |`;

function presenceOf({ presence, fallback }: Variable<unknown>): string {
  const words = { required: "Required", optional: "Optional", default: `Default: ${fallback}` };
  return words[presence];
}

function unitOf({ unit }: Variable<unknown>, render: (unit: string) => string): string {
  return unit === undefined ? "" : render(unit);
}

import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "dotenv";

/** Which source a value came from, and the file where it was one. */
export type Origin =
  | { readonly source: "environment" | "default" }
  | { readonly source: "CONFIG_FILE" | ".env"; readonly file: string };

/** The values found for the wanted names, and where each came from. */
export interface Reading<Name extends string> {
  readonly values: Readonly<Partial<Record<Name, string>>>;
  readonly origins: Readonly<Record<Name, Origin>>;
}

/** Where to look; the process's own environment and working directory unless told otherwise. */
export interface Sources {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly directory?: string;
}

interface Source {
  readonly origin: Origin;
  readonly values: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads variables from the process environment, then the file named by CONFIG_FILE, then `.env` in the working
 * directory; the first that mentions a name wins, even with an empty value. Both files are in dotenv syntax.
 * @throws {Error} when CONFIG_FILE names a file that cannot be read
 */
export function readSources<Name extends string>(
  names: readonly Name[],
  { env = process.env, directory = process.cwd() }: Sources,
): Reading<Name> {
  const sources = sourcesOf(env, directory);
  const found = names.map((name) => ({ name, source: sources.find(({ values }) => values[name] !== undefined) }));
  return {
    values: Object.fromEntries(found.map(({ name, source }) => [name, source?.values[name]])) as Record<Name, string>,
    origins: Object.fromEntries(
      found.map(({ name, source }) => [name, source?.origin ?? { source: "default" }]),
    ) as Record<Name, Origin>,
  };
}

function sourcesOf(env: NonNullable<Sources["env"]>, directory: string): Source[] {
  const sources: Source[] = [{ origin: { source: "environment" }, values: env }];
  const named = env["CONFIG_FILE"];
  if (named) {
    const file = resolve(directory, named);
    sources.push({ origin: { source: "CONFIG_FILE", file }, values: parse(readConfigFile(file)) });
  }
  const file = resolve(directory, ".env");
  // A folder of that name is somebody else's business, such as Python's.
  if (statSync(file, { throwIfNoEntry: false })?.isFile())
    sources.push({ origin: { source: ".env", file }, values: parse(readFileSync(file)) });
  return sources;
}

function readConfigFile(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new Error(
      `CONFIG_FILE names ${file}, which cannot be read: name a readable file in dotenv syntax or unset it`,
      {
        cause,
      },
    );
  }
}

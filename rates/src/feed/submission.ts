import type { Config } from "../config";

/** What is handed in, and where. */
interface Submission {
  readonly file: string;
  readonly repo: string;
  readonly path: string;
}

/**
 * The curl command that hands in a file of ids. The key is not in it: the shell reads it when the command is run.
 * @throws {Error} where API_BASE_URL is not set or the repository is no URL
 */
export function submissionCommand(config: Config, { file, repo, path }: Submission): string {
  const { API_BASE_URL: base, TARGET_API_KEY_FILE: keyFile } = config;
  if (base === undefined) throw new Error("API_BASE_URL is not set: name the upstream that takes the submission");
  if (!URL.canParse(repo))
    throw new Error(`REPO ${JSON.stringify(repo)} is no URL: for example https://github.com/you/repo`);
  const key = keyFile === undefined ? '"$TARGET_API_KEY"' : `"$(cat ${quoted(keyFile)})"`;
  return [
    `printf 'X-API-Key: %s\\n' ${key} | curl --fail-with-body --request POST`,
    `${quoted(`${base}${path}?github_repo=${encodeURIComponent(repo)}`)}`,
    "--header @- --header 'Content-Type: text/plain'",
    `--data-binary ${quoted(`@${file}`)}`,
  ].join(" \\\n  ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

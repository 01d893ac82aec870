import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { until } from "../support/until";

/** A Node process that writes to a file, as a copy's service does, so that reading along costs the bench nothing. */
export interface FileProcess extends AsyncDisposable {
  readonly pid: number;
  /** Where it listens, once it has said so. */
  readonly url: string;
}

/**
 * Starts a script and waits until it has written its port; `await using` kills it.
 * @param options.log the file
 */
export async function fileProcess(
  script: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly log: string },
): Promise<FileProcess> {
  const log = openSync(options.log, "w");
  const child = spawn(process.execPath, script, { env: options.env, cwd: tmpdir(), stdio: ["ignore", log, log] });
  closeSync(log);
  const exit = once(child, "exit");
  const port = await until(
    `a port in ${options.log}`,
    async () => /(?:127\.0\.0\.1:|"port":)(\d+)/.exec(readFileSync(options.log, "utf8"))?.[1],
  );
  return {
    pid: child.pid ?? 0,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exit;
    },
  };
}

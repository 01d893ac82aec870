import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import type { Copy } from "../../copies/copy";
import { jobEnvironment } from "../../copies/environment";
import type { ServiceLaunch } from "./service-process";

/**
 * Runs a command with the copy's environment, standard input and output attached. `rates` is on its PATH, as it is in
 * the API's image, so that the same command line works in every runtime.
 * @returns its exit code
 */
export async function runJob(copy: Copy, launch: ServiceLaunch, command: readonly string[]): Promise<number> {
  const [program = "rates", ...args] = command;
  const path = [writeShim(copy, launch.bundle), process.env["PATH"] ?? ""].join(delimiter);
  const done = await execa(program, args, {
    env: { ...launch.environment, ...jobEnvironment(copy.checkout), PATH: path },
    stdio: "inherit",
    reject: false,
  });
  if (done.exitCode === undefined) console.error(done.originalMessage);
  return done.exitCode ?? 1;
}

/** A program called `rates` that runs the bundle. @returns its folder */
function writeShim(copy: Copy, bundle: string): string {
  const folder = join(copy.paths.directory, "bin");
  const shim = join(folder, "rates");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    shim,
    `#!/bin/sh\nexec '${process.execPath}' --enable-source-maps '${bundle.replaceAll("'", "'\\''")}' "$@"\n`,
  );
  chmodSync(shim, 0o755);
  return folder;
}

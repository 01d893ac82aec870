import { existsSync, readFileSync } from "node:fs";
import { findCheckout } from "infra/copies/checkout";
import { buildService } from "infra/images/api/bundle";
import { stopServer } from "infra/runtimes/embedded/postgres-server";
import type { TestProject } from "vitest/node";
import { keptFile } from "./kept";
import { testServer } from "./server";

/** Where the server of the test run is; plain data, since it is handed from process to process. */
export interface ServerAddress {
  readonly directory: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly passwordFile: string;
}

declare module "vitest" {
  interface ProvidedContext {
    server: ServerAddress;
    /** The built service, for the threads of one that runs in a test's own process. */
    serviceFile: string;
  }
}

/** One PostgreSQL server for the whole run, of which each test takes a database of its own, and one build of the service. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  project.provide("serviceFile", (await buildService(findCheckout().root)).file);
  const server = await testServer();
  const { directory, host, port, user, passwordFile } = server;
  project.provide("server", { directory, host, port, user, passwordFile });
  return async () => {
    const kept = keptFile(directory);
    if (!existsSync(kept)) return server[Symbol.asyncDispose]();
    await stopServer(directory);
    const names = readFileSync(kept, "utf8").trim().split("\n").join(", ");
    console.log(`The databases of failed tests are kept in ${directory}: ${names}`);
  };
}

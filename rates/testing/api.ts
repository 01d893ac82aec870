import type { AddressInfo } from "node:net";
import { type App, createApp } from "../src/app";
import { loadConfig, type ServiceEnvironment } from "../src/config";

/** A database as the helpers of the tests hand it out. */
export interface DatabaseAccess {
  readonly url: string;
  readonly passwordFile: string;
}

/** The service inside the test's process, on a port of its own; `await using` ends it. */
export interface TestApi extends App, AsyncDisposable {
  readonly port: number;
  /** Everything it has logged. */
  readonly log: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Starts the service on a database. It does not wait for the database, so it starts without one, too.
 * @param threadFile what its threads run; the built service unless told otherwise
 */
export async function testApi(
  database: DatabaseAccess,
  environment: Partial<ServiceEnvironment> = {},
  threadFile?: string,
): Promise<TestApi> {
  // Loaded here: benches use this file too, outside vitest, where it cannot be loaded.
  const { inject } = await import("vitest");
  const log: Record<string, unknown>[] = [];
  const app = createApp(loadConfig(environmentFor(database, environment)), {
    threadFile: threadFile ?? inject("serviceFile"),
    logTarget: { write: (line) => log.push(JSON.parse(line)) },
  });
  app.lifecycle.serve();
  await app.http.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.http.server.address() as AddressInfo;
  return {
    ...app,
    port,
    log,
    async [Symbol.asyncDispose]() {
      app.http.server.closeAllConnections();
      await app.queue?.stop();
      await app.http.close();
      await Promise.all([app.database.close(), app.queue?.close()]);
    },
  };
}

/** The variables a process needs to serve from a database. */
export function environmentFor(
  { url, passwordFile }: DatabaseAccess,
  environment: Partial<ServiceEnvironment> = {},
): Partial<ServiceEnvironment> {
  return { DATABASE_URL: url, DATABASE_PASSWORD_FILE: passwordFile, REVISION: "test-revision", ...environment };
}

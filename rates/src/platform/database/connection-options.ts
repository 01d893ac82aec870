import { readFile } from "node:fs/promises";
import type { ClientConfig } from "pg";
import type { Config } from "../../config";

/** Days are read as text, and a server may be set to write them in another way. */
export const SETTINGS = "-c datestyle=ISO";

/** How any connection of this process to its database is opened. */
export function connectionOptions(config: Config) {
  const passwordFile = config.DATABASE_PASSWORD_FILE;
  return {
    ...config.DATABASE_URL,
    // Read at each connection, so that a rotated password is taken up. "" keeps pg from looking into ~/.pgpass.
    password: async () =>
      passwordFile === undefined ? "" : (await readFile(passwordFile, "utf8")).replace(/\r?\n$/, ""),
    ssl: false,
    application_name: "rates",
    options: SETTINGS,
    connectionTimeoutMillis: config.DATABASE_CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: config.DATABASE_KEEPALIVE_MS,
  } satisfies ClientConfig;
}

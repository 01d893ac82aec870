import { readFile } from "node:fs/promises";
import type { ClientConfig } from "pg";
import type { Config } from "../../config";

/** Settings of PostgreSQL, by name, as they hold for a session. */
export type SessionSettings = Readonly<Record<string, string | number>>;

/** How any connection of this process to its database is opened. */
export function connectionOptions(config: Config, special: SessionSettings = {}) {
  const passwordFile = config.DATABASE_PASSWORD_FILE;
  return {
    ...config.DATABASE_URL,
    // Read at each connection, so that a rotated password is taken up. "" keeps pg from looking into ~/.pgpass.
    password: async () =>
      passwordFile === undefined ? "" : (await readFile(passwordFile, "utf8")).replace(/\r?\n$/, ""),
    ssl: false,
    options: commandLineOf({ ...settingsOf(config), ...special }),
    connectionTimeoutMillis: config.DATABASE_CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: config.DATABASE_KEEPALIVE_MS,
  } satisfies ClientConfig;
}

/** Settings as the `options` of a connection, or PGOPTIONS of a program. */
export function commandLineOf(settings: SessionSettings): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(" ");
}

/**
 * Days are read as text, and a server may be set to write them in another way. Both sides ask whether the other is still
 * there: a session whose client has gone without a word keeps its locks until its server knows.
 */
function settingsOf({ DATABASE_KEEPALIVE_MS, DATABASE_QUERY_TIMEOUT_MS }: Config): SessionSettings {
  return {
    application_name: "rates",
    datestyle: "ISO",
    tcp_keepalives_idle: Math.ceil(DATABASE_KEEPALIVE_MS / 1_000),
    tcp_keepalives_interval: 1,
    tcp_keepalives_count: 10,
    idle_in_transaction_session_timeout: DATABASE_QUERY_TIMEOUT_MS,
  };
}

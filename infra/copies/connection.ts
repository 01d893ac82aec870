import { readFileSync } from "node:fs";
import { Client } from "pg";
import type { Copy, DatabaseAddress } from "./copy";
import { Problem } from "./problem";

/** An open connection that `await using` ends. */
export type Connection = Client & AsyncDisposable;

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password: string;
}

/** The database setting that says whose database this is; the service compares it as well. */
export const COPY_ID_SETTING = "rates.copy_id";

const CONNECT_TIMEOUT_MS = 5_000;

/** Opens a connection that survives the loss of its server until it is used: the query then fails, not the process. */
export async function openConnection(address: ServerAddress): Promise<Connection> {
  const client = new Client({ ...address, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on("error", () => {});
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

/**
 * A connection to a copy's database as the copy's own role.
 * @throws Problem naming both ids, when the database there is another copy's
 */
export async function openCopyDatabase(copy: Copy, { passwordFile, ...address }: DatabaseAddress): Promise<Connection> {
  const client = await openConnection({ ...address, password: readFileSync(passwordFile, "utf8").trim() });
  const { rows } = await client.query<{ id: string | null }>("SELECT current_setting($1, true) AS id", [
    COPY_ID_SETTING,
  ]);
  const found = rows[0]?.id ?? "(no id)";
  if (found === copy.record.id) return client;
  await client.end();
  throw new Problem(
    `Database ${address.database} on port ${address.port} belongs to copy ${found}, not to ${copy.record.id}: nothing was done.`,
  );
}

/**
 * For commands that hand out a copy's database without asking it anything themselves.
 * @throws Problem naming both ids, when the database there is another copy's; one that does not answer is not refused
 */
export async function refuseForeignDatabase(copy: Copy, address: DatabaseAddress): Promise<void> {
  try {
    await using _client = await openCopyDatabase(copy, address);
  } catch (error) {
    if (error instanceof Problem) throw error;
  }
}

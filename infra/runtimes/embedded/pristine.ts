import { loadDump } from "db/dump/load";
import { migrate } from "db/migrate";
import type { Client } from "pg";
import { pristineName } from "../../copies/names";
import { Problem } from "../../copies/problem";
import type { DumpReference } from "../../copies/registry";
import { connectAsAdministrator, databaseExists, dropDatabase, takeTurn } from "./administrator";
import { connectSuperuser } from "./postgres-server";

/** Owns everything in every database of a copy; the role of each copy is its member. It cannot log in. */
export const TABLE_OWNER = "rates";

export interface LoadOptions {
  readonly signal?: AbortSignal | undefined;
  onProgress?(rows: number): void;
}

/**
 * Makes the template database of a dump when it is not there: every birth and reset is a clone of it. It gets its name
 * only when it is complete, so a load that was cut short is never taken for a template.
 * @throws DumpError naming file and line, when the dump is not one
 */
export async function ensurePristine(directory: string, dump: DumpReference, options: LoadOptions = {}): Promise<void> {
  await using admin = await connectAsAdministrator(directory);
  const name = pristineName(dump.sha256);
  if (await databaseExists(admin, name)) return;
  await using _turn = await takeTurn(admin, name);
  if (await databaseExists(admin, name)) return;
  const loading = name.replace("pristine", "loading");
  await dropDatabase(admin, loading);
  await admin.query(`CREATE DATABASE ${loading}`);
  try {
    await loadInto(directory, { database: loading, dump, options });
    await admin.query(`ALTER DATABASE ${loading} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false`);
    await admin.query(`ALTER DATABASE ${loading} RENAME TO ${name}`);
  } catch (error) {
    await dropDatabase(admin, loading);
    throw error;
  }
}

/** Removes the templates of dumps that no copy was born from. */
export async function dropUnusedPristines(directory: string, used: readonly string[]): Promise<void> {
  await using admin = await connectAsAdministrator(directory);
  const { rows } = await admin.query<{ datname: string }>(
    "SELECT datname FROM pg_database WHERE datistemplate AND datname LIKE 'pristine\\_%' AND datname <> ALL ($1)",
    [used.map(pristineName)],
  );
  for (const { datname } of rows) {
    await admin.query(`ALTER DATABASE ${datname} IS_TEMPLATE false`);
    await dropDatabase(admin, datname);
  }
}

interface Load {
  readonly database: string;
  readonly dump: DumpReference;
  readonly options: LoadOptions;
}

async function loadInto(directory: string, { database, dump, options }: Load): Promise<void> {
  await using client = await connectSuperuser(directory, database);
  await ensureTableOwner(client);
  const { signal, onProgress } = options;
  const loaded = await loadDump(client, dump.path, {
    ...(signal ? { signal } : {}),
    ...(onProgress ? { onProgress: ({ rows }: { rows: number }) => onProgress(rows) } : {}),
  });
  if (loaded.sha256 !== dump.sha256) {
    throw new Problem(`${dump.path} changed while it was read. Wait until it is written, then try again.`);
  }
  for (const table of ["regions", "ports", "prices"])
    await client.query(`ALTER TABLE ${table} OWNER TO ${TABLE_OWNER}`);
  signal?.throwIfAborted();
  await migrate(client);
}

/** Once per server. */
export async function ensureTableOwner(client: Client): Promise<void> {
  const { rowCount } = await client.query("SELECT FROM pg_roles WHERE rolname = $1", [TABLE_OWNER]);
  if (!rowCount) await client.query(`CREATE ROLE ${TABLE_OWNER} NOLOGIN`);
}

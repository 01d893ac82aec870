import { loadDump } from "db/dump/load";
import type { Client } from "pg";
import { COPY_ID_SETTING, type Connection } from "../../copies/connection";
import { databaseName, isSameCopy, pristineName } from "../../copies/names";
import { Problem } from "../../copies/problem";
import type { DumpReference } from "../../copies/registry";
import { connectSuperuser } from "./postgres-server";

/** Owns the tables of every dump; the role of each copy is its member. It cannot log in. */
const TABLE_OWNER = "rates";

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

export interface CopyDatabase {
  readonly name: string;
  readonly id: string;
  /** Whether the copy is being born: a database left by a former copy of its name is then in the way. */
  readonly birth: boolean;
  readonly dumpSha256: string;
  readonly password: string;
}

/**
 * Makes a copy's role and database, the database as a clone of its dump's template. It gets its name last, when the
 * copy id is in it.
 * @throws Problem when a database of that name belongs to another copy
 */
export async function ensureCopyDatabase(directory: string, copy: CopyDatabase): Promise<void> {
  await using admin = await connectAsAdministrator(directory);
  const database = databaseName(copy.name);
  if (await belongsTo(admin, database, copy)) return;
  await ensureRole(admin, database, copy.password);
  const born = database.replace("rates_", "born_");
  await dropDatabase(admin, born);
  await using _turn = await takeTurn(admin, pristineName(copy.dumpSha256));
  await admin.query(`CREATE DATABASE ${born} TEMPLATE ${pristineName(copy.dumpSha256)} OWNER ${database}`);
  await admin.query(`REVOKE ALL ON DATABASE ${born} FROM PUBLIC`);
  await admin.query(`ALTER DATABASE ${born} SET ${COPY_ID_SETTING} = ${admin.escapeLiteral(copy.id)}`);
  await admin.query(`ALTER DATABASE ${born} RENAME TO ${database}`);
}

/** @returns false where there is no database yet. */
async function belongsTo(admin: Client, database: string, { name, id, birth }: CopyDatabase): Promise<boolean> {
  const owner = await readCopyId(admin, database);
  if (owner === id) return true;
  if (birth && owner !== undefined && isSameCopy(owner, id)) await dropDatabase(admin, database);
  else if (await databaseExists(admin, database)) {
    throw new Problem(
      `Database ${database} belongs to copy ${owner ?? "(no id)"} and not to ${id}, so it is left alone. ` +
        `Begin anew: make down COPY=${name}`,
    );
  } else if (!birth) {
    throw new Problem(`The database of copy "${name}" is gone. Begin anew: make down COPY=${name}`);
  }
  return false;
}

/** Removes what `ensureCopyDatabase` made, finished or not, sessions or not. */
export async function dropCopyDatabase(directory: string, name: string): Promise<void> {
  await using admin = await connectAsAdministrator(directory);
  const database = databaseName(name);
  await dropDatabase(admin, database.replace("rates_", "born_"));
  await dropDatabase(admin, database);
  await admin.query(`DROP ROLE IF EXISTS ${database}`);
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

/** A superuser's session whose statements never reach the server's log: some of them carry a password. */
async function connectAsAdministrator(directory: string): Promise<Connection> {
  const admin = await connectSuperuser(directory);
  await admin.query("SET log_min_error_statement = panic");
  await admin.query("SET log_statement = none");
  return admin;
}

/** Serialises work on one template over all commands; the server frees the turn when a command is killed. */
async function takeTurn(admin: Client, template: string): Promise<AsyncDisposable> {
  await admin.query("SELECT pg_advisory_lock(hashtext($1))", [template]);
  return {
    [Symbol.asyncDispose]: async () => {
      await admin.query("SELECT pg_advisory_unlock(hashtext($1))", [template]);
    },
  };
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
}

async function ensureTableOwner(client: Client): Promise<void> {
  const { rowCount } = await client.query("SELECT FROM pg_roles WHERE rolname = $1", [TABLE_OWNER]);
  if (!rowCount) await client.query(`CREATE ROLE ${TABLE_OWNER} NOLOGIN`);
}

async function ensureRole(admin: Client, role: string, password: string): Promise<void> {
  const { rowCount } = await admin.query("SELECT FROM pg_roles WHERE rolname = $1", [role]);
  const verb = rowCount ? "ALTER" : "CREATE";
  await admin.query(`${verb} ROLE ${role} LOGIN PASSWORD ${admin.escapeLiteral(password)}`);
  await admin.query(`GRANT ${TABLE_OWNER} TO ${role}`);
}

async function databaseExists(admin: Client, name: string): Promise<boolean> {
  const { rowCount } = await admin.query("SELECT FROM pg_database WHERE datname = $1", [name]);
  return rowCount === 1;
}

async function dropDatabase(admin: Client, name: string): Promise<void> {
  await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

/** The copy id that a database carries, read from the catalogue, so without a session in it. */
async function readCopyId(admin: Client, database: string): Promise<string | undefined> {
  const { rows } = await admin.query<{ setting: string }>(
    `SELECT unnest(s.setconfig) AS setting FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
     WHERE d.datname = $1 AND s.setrole = 0`,
    [database],
  );
  const prefix = `${COPY_ID_SETTING}=`;
  return rows.find(({ setting }) => setting.startsWith(prefix))?.setting.slice(prefix.length);
}

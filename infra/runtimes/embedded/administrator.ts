import type { Client } from "pg";
import { COPY_ID_SETTING, type Connection } from "../../copies/connection";
import { connectSuperuser } from "./postgres-server";

/** A superuser's session whose statements never reach the server's log: some of them carry a password. */
export async function connectAsAdministrator(directory: string): Promise<Connection> {
  const admin = await connectSuperuser(directory);
  await admin.query("SET log_min_error_statement = panic");
  await admin.query("SET log_statement = none");
  return admin;
}

/** Serialises work on one template over all commands; the server frees the turn when a command is killed. */
export async function takeTurn(admin: Client, template: string): Promise<AsyncDisposable> {
  await admin.query("SELECT pg_advisory_lock(hashtext($1))", [template]);
  return {
    [Symbol.asyncDispose]: async () => {
      await admin.query("SELECT pg_advisory_unlock(hashtext($1))", [template]);
    },
  };
}

export async function databaseExists(admin: Client, name: string): Promise<boolean> {
  const { rowCount } = await admin.query("SELECT FROM pg_database WHERE datname = $1", [name]);
  return rowCount === 1;
}

/** Sessions or not. */
export async function dropDatabase(admin: Client, name: string): Promise<void> {
  await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

/** The copy id that a database carries, read from the catalogue, so without a session in it. */
export async function readCopyId(admin: Client, database: string): Promise<string | undefined> {
  const { rows } = await admin.query<{ setting: string }>(
    `SELECT unnest(s.setconfig) AS setting FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
     WHERE d.datname = $1 AND s.setrole = 0`,
    [database],
  );
  const prefix = `${COPY_ID_SETTING}=`;
  return rows.find(({ setting }) => setting.startsWith(prefix))?.setting.slice(prefix.length);
}

import type { Client } from "pg";
import { COPY_ID_SETTING } from "../../copies/connection";
import { databaseName, isSameCopy } from "../../copies/names";
import { Problem } from "../../copies/problem";
import { connectAsAdministrator, databaseExists, dropDatabase, readCopyId, takeTurn } from "./administrator";
import { ensureTableOwner, TABLE_OWNER } from "./pristine";
import { type VacantWork, whileVacant } from "./vacancy";

export interface CopyDatabase {
  readonly name: string;
  readonly id: string;
  readonly password: string;
  /** Whether the copy is being born: a database left by a former copy of its name is then in the way. */
  readonly birth: boolean;
  /** The database to begin as a clone of: a dump's template, another copy's own, or an empty one. */
  readonly template: string;
}

/** The template of a queue's database: what PostgreSQL begins with. */
export const EMPTY = "template0";

type Waiting = Pick<VacantWork, "signal" | "report">;

/**
 * Makes a copy's role and database, the database as a clone. It gets its name last, when the copy id is in it. A clone of
 * a living copy's database loses none of that copy's requests.
 * @throws Problem when a database of that name belongs to another copy
 */
export async function ensureCopyDatabase(directory: string, copy: CopyDatabase, waiting: Waiting = {}): Promise<void> {
  await using admin = await connectAsAdministrator(directory);
  const database = databaseName(copy.name);
  if (await belongsTo(admin, database, copy)) return;
  await using _turn = await takeTurn(admin, copy.template);
  await ensureRole(admin, database, copy.password);
  await clone(directory, { ...copy, ...waiting });
  await admin.query(`ALTER DATABASE ${bornName(database)} RENAME TO ${database}`);
}

/**
 * Puts a copy's data back to its template, in one exchange: whoever asks meets the old data or the new. The old one stays
 * aside until `dropFormerDatabase`.
 */
export async function resetCopyDatabase(directory: string, copy: CopyDatabase, waiting: Waiting = {}): Promise<void> {
  await using admin = await connectAsAdministrator(directory);
  const database = databaseName(copy.name);
  await belongsTo(admin, database, copy);
  await using _turn = await takeTurn(admin, copy.template);
  await clone(directory, { ...copy, ...waiting });
  const run = async (session: Client) => {
    await session.query("BEGIN");
    await session.query(`ALTER DATABASE ${database} RENAME TO ${goneName(database)}`);
    await session.query(`ALTER DATABASE ${bornName(database)} RENAME TO ${database}`);
    await session.query("COMMIT");
  };
  await dropDatabase(admin, goneName(database));
  await whileVacant(directory, { database, run, ...waiting });
}

/** Removes what a reset has put aside. Some disks need a third of a second for its 300 files. */
export async function dropFormerDatabase(directory: string, name: string): Promise<void> {
  await using admin = await connectAsAdministrator(directory);
  await dropDatabase(admin, goneName(databaseName(name)));
}

async function clone(directory: string, { name, id, template, ...waiting }: CopyDatabase & Waiting): Promise<void> {
  const database = databaseName(name);
  const born = bornName(database);
  await using admin = await connectAsAdministrator(directory);
  await dropDatabase(admin, born);
  const run = async (session: Client) => {
    await session.query(`CREATE DATABASE ${born} TEMPLATE ${template} OWNER ${database}`);
  };
  await whileVacant(directory, { database: template, run, ...waiting });
  await admin.query(`REVOKE ALL ON DATABASE ${born} FROM PUBLIC`);
  await admin.query(`GRANT CREATE, TEMPORARY ON DATABASE ${born} TO ${TABLE_OWNER}`);
  await admin.query(`ALTER DATABASE ${born} SET ${COPY_ID_SETTING} = ${admin.escapeLiteral(id)}`);
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

/**
 * Removes what was ever made for a copy, finished or not, sessions or not.
 * @param id the copy's, of whatever birth
 * @throws Problem naming both ids, when the database of its name is another copy's
 */
export async function dropCopyDatabase(directory: string, name: string, id: string): Promise<void> {
  await using admin = await connectAsAdministrator(directory);
  const database = databaseName(name);
  const owner = await readCopyId(admin, database);
  if (owner !== undefined && !isSameCopy(owner, id)) {
    throw new Problem(
      `Database ${database} belongs to copy ${owner}, not to ${id}: nothing was removed. ` +
        `Give it its own id back, then try again: ALTER DATABASE ${database} SET ${COPY_ID_SETTING} = '...'`,
    );
  }
  for (const each of [bornName(database), goneName(database), database]) await dropDatabase(admin, each);
  await admin.query(`DROP ROLE IF EXISTS ${database}`);
}

/** A clone that is not yet the copy's. */
function bornName(database: string): string {
  return database.replace("rates_", "born_");
}

/** What a reset has exchanged and not yet dropped. */
function goneName(database: string): string {
  return database.replace("rates_", "gone_");
}

/** What the role makes belongs to the common owner, so that a branch of its copy can use it as well. */
async function ensureRole(admin: Client, role: string, password: string): Promise<void> {
  await ensureTableOwner(admin);
  const { rowCount } = await admin.query("SELECT FROM pg_roles WHERE rolname = $1", [role]);
  const verb = rowCount ? "ALTER" : "CREATE";
  await admin.query(`${verb} ROLE ${role} LOGIN PASSWORD ${admin.escapeLiteral(password)}`);
  await admin.query(`GRANT ${TABLE_OWNER} TO ${role}`);
  await admin.query(`ALTER ROLE ${role} SET role = ${TABLE_OWNER}`);
}

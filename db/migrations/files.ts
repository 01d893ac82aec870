import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * The names of all migrations in their order; each is `<name>.sql` in this folder. A constant, so that the service knows
 * what it needs without a look at files.
 */
export const MIGRATIONS: readonly string[] = [
  "001-working-tables",
  "002-backfill",
  "003-prices-view",
  "004-events",
  "005-feed",
];

/** The table, in node-pg-migrate's own shape, that says which ones a database has. */
export const LEDGER = "schema_migrations";

const FIRST_FILE = `${MIGRATIONS[0]}.sql`;

/**
 * Finds the SQL files: here when run from source, in `migrations` beside the file when bundled into an image, otherwise
 * in the checkout that the bundle lies in.
 * @throws {Error} naming where they belong
 */
export function migrationsFolder(): string {
  const found = placesFrom(__dirname).find((folder) => existsSync(join(folder, FIRST_FILE)));
  if (found !== undefined) return found;
  throw new Error(`The migrations are missing: copy db/migrations/*.sql to ${join(__dirname, "migrations")}`);
}

function placesFrom(folder: string): string[] {
  return [folder, join(folder, "migrations"), ...ancestorsOf(folder).map((each) => join(each, "db", "migrations"))];
}

function ancestorsOf(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [] : [parent, ...ancestorsOf(parent)];
}

/** SHA-256 of all migrations: whatever is built from a dump and them is named by both hashes. */
export function migrationsHash(): string {
  const hash = createHash("sha256");
  for (const name of MIGRATIONS) hash.update(`${name}\0${readMigration(name)}\0`);
  return hash.digest("hex");
}

/**
 * All migrations as one script for `psql --single-transaction`, on a freshly loaded dump that nobody uses yet; whoever
 * migrates the database later finds them done.
 */
export function bakedMigrations(names = MIGRATIONS): string {
  return [CREATE_LEDGER, ...names.flatMap((name) => [readMigration(name), noteOf(name)])].join("\n");
}

const CREATE_LEDGER = `
SELECT set_config('role', tableowner, true) FROM pg_catalog.pg_tables WHERE schemaname = 'public' AND tablename = 'ports';
CREATE TABLE public.${LEDGER} (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL);
`;

function noteOf(name: string): string {
  return `INSERT INTO public.${LEDGER} (name, run_on) VALUES ('${name}', now());\n`;
}

/** The content of every migration by the name of its file, for an image that brings them along. */
export function migrationFiles(): Record<string, string> {
  return Object.fromEntries(MIGRATIONS.map((name) => [`${name}.sql`, readMigration(name)]));
}

function readMigration(name: string): string {
  return readFileSync(join(migrationsFolder(), `${name}.sql`), "utf8");
}

import type { Client } from "pg";
import { LEDGER, MIGRATIONS, migrationsFolder } from "./migrations/files";

export { bakedMigrations, MIGRATIONS, migrationFiles, migrationsHash } from "./migrations/files";

/** A database that cannot be migrated; the message says why. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}

/**
 * Brings a database from the dump's schema, or any later state, to the newest. Of two runs at once the second one waits
 * for the first. Each migration is a transaction of its own, so a run that was killed is continued by the next.
 * @param client a connection that nobody else uses meanwhile, without a statement_timeout; its role owns the dump's
 * tables or is a member of the role that does
 * @returns the names of what was applied now, none where the database was up to date
 * @throws {MigrationError} where the database does not hold a dump, or a migration failed; the ones before it stay
 */
export async function migrate(client: Client): Promise<string[]> {
  try {
    await becomeOwner(client);
    return await applyMissing(client);
  } catch (cause) {
    await client.query("ROLLBACK; SELECT pg_advisory_unlock_all()").catch(() => {});
    if (cause instanceof MigrationError) throw cause;
    throw new MigrationError(`The database was not migrated: ${reasonOf(cause)}`, { cause });
  } finally {
    await client.query("RESET ROLE").catch(() => {});
  }
}

/** What is made belongs to whom the dump's tables belong to, the ledger of migrations included. */
async function becomeOwner(client: Client): Promise<void> {
  const { rowCount } = await client.query(
    "SELECT set_config('role', tableowner, false) FROM pg_tables WHERE schemaname = 'public' AND tablename = 'ports'",
  );
  if (!rowCount) {
    throw new MigrationError("The database holds no table ports: load a dump such as db/rates.sql first.");
  }
}

async function applyMissing(client: Client): Promise<string[]> {
  // Loaded when needed: the service imports this file for the names alone.
  const { runner } = await import("node-pg-migrate");
  const applied = await runner({
    dbClient: client,
    dir: migrationsFolder(),
    // What does not match this is a migration.
    ignorePattern: "(?!.*[.]sql$).*",
    migrationsTable: LEDGER,
    direction: "up",
    advisoryLockMode: "wait",
    logger: { info() {}, warn() {}, error() {} },
  });
  return applied.map(({ name }) => name);
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return "hint" in cause && typeof cause.hint === "string" ? `${cause.message}. ${cause.hint}` : cause.message;
}

/** Runs one statement without parameters. */
type Ask = <Row extends Record<string, unknown>>(text: string) => Promise<readonly Row[]>;

/** @returns the names of the migrations that this code knows and the database lacks, in their order */
export async function missingMigrations(ask: Ask): Promise<string[]> {
  const [ledger] = await ask<{ found: boolean }>(`SELECT to_regclass('public.${LEDGER}') IS NOT NULL AS found`);
  const rows = ledger?.found ? await ask<{ name: string }>(`SELECT name FROM public.${LEDGER}`) : [];
  const applied = new Set(rows.map(({ name }) => name));
  return MIGRATIONS.filter((name) => !applied.has(name));
}

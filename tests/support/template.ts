import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { loadDump } from "db/dump/load";
import { findCheckout } from "infra/copies/checkout";
import { connectSuperuser } from "infra/runtimes/embedded/postgres-server";

/** What a test's database is a clone of: nothing, or the shipped dump as it was loaded. */
export type Template = "empty" | "pristine";

/** PostgreSQL's own empty template, and ours. */
const TEMPLATE_DATABASES: Readonly<Record<Template, string>> = { empty: "template0", pristine: "pristine" };

/** Any number: it only has to be the same in every test process, so that the template is made once. */
const TEMPLATE_LOCK = 4711;

/** Makes a database in the server of `directory`. @returns its name */
export async function createDatabase(directory: string, template: Template): Promise<string> {
  await using admin = await connectSuperuser(directory);
  const name = `test_${randomBytes(6).toString("hex")}`;
  await admin.query("SELECT pg_advisory_lock($1)", [TEMPLATE_LOCK]);
  if (template === "pristine") await ensurePristine(directory);
  await admin.query(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE_DATABASES[template]}`);
  return name;
}

async function ensurePristine(directory: string): Promise<void> {
  await using admin = await connectSuperuser(directory);
  const { rowCount } = await admin.query("SELECT FROM pg_database WHERE datname = 'pristine'");
  if (rowCount) return;
  await admin.query("DROP DATABASE IF EXISTS loading");
  await admin.query("CREATE DATABASE loading");
  await load(directory);
  await admin.query("ALTER DATABASE loading RENAME TO pristine");
}

async function load(directory: string): Promise<void> {
  await using client = await connectSuperuser(directory, "loading");
  await loadDump(client, join(findCheckout().root, "db", "rates.sql"));
}

import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { loadDump } from "db/dump/load";
import { migrate } from "db/migrate";
import { findCheckout } from "infra/copies/checkout";
import { connectSuperuser } from "infra/runtimes/embedded/postgres-server";

/** What a test's database is a clone of: nothing, the shipped dump as it was loaded, or that with all migrations applied. */
export type Template = "empty" | "pristine" | "migrated";

/** PostgreSQL's own empty template, and ours. */
const TEMPLATE_DATABASES: Readonly<Record<Template, string>> = {
  empty: "template0",
  pristine: "pristine",
  migrated: "migrated",
};

/** Any number: it only has to be the same in every test process, so that the template is made once. */
const TEMPLATE_LOCK = 4711;

/** Makes a database in the server of `directory`. @returns its name */
export async function createDatabase(directory: string, template: Template): Promise<string> {
  await using admin = await connectSuperuser(directory);
  const name = `test_${randomBytes(6).toString("hex")}`;
  await admin.query("SELECT pg_advisory_lock($1)", [TEMPLATE_LOCK]);
  if (template !== "empty") await ensureTemplate(directory, template);
  await admin.query(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE_DATABASES[template]}`);
  return name;
}

/** Makes a template under another name first, so that one that was cut short is never taken for whole. */
async function ensureTemplate(directory: string, template: "pristine" | "migrated"): Promise<void> {
  await using admin = await connectSuperuser(directory);
  const { rowCount } = await admin.query("SELECT FROM pg_database WHERE datname = $1", [template]);
  if (rowCount) return;
  if (template === "migrated") await ensureTemplate(directory, "pristine");
  await admin.query("DROP DATABASE IF EXISTS making");
  await admin.query(`CREATE DATABASE making TEMPLATE ${template === "migrated" ? "pristine" : "template0"}`);
  await fill(directory, template);
  await admin.query(`ALTER DATABASE making RENAME TO ${template}`);
}

async function fill(directory: string, template: "pristine" | "migrated"): Promise<void> {
  await using client = await connectSuperuser(directory, "making");
  if (template === "migrated") await migrate(client);
  else await loadDump(client, join(findCheckout().root, "db", "rates.sql"));
}

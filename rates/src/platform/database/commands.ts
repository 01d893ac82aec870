import type { Command } from "commander";
import { migrate } from "db/migrate";
import { type Config, loadConfig, readEnvironment } from "../../config";
import { Connection } from "./connection";
import { connectionOptions } from "./connection-options";
import { explained } from "./failure";

/** `rates migrate`. */
export function databaseCommands(program: Command): void {
  program
    .command("migrate")
    .description("bring the database to the schema of this version; safe to repeat, and beside a running service")
    .action(async () => {
      const applied = await migrateDatabase(loadConfig(readEnvironment().values));
      for (const name of applied) console.log(`applied ${name}`);
      console.log(applied.length === 0 ? "The database was up to date." : "The database is up to date.");
    });
}

/** No statement_timeout: a migration takes as long as its data. @returns the names of what was applied */
async function migrateDatabase(config: Config): Promise<string[]> {
  const connection = new Connection(connectionOptions(config));
  try {
    await connection.connect();
    await connection.verify(config);
  } catch (error) {
    connection.cut(new Error("not used"));
    throw explained(error);
  }
  try {
    return await migrate(connection);
  } finally {
    await connection.end();
  }
}

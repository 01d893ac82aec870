import "./platform/navigator";
import { Command } from "commander";
import { loadConfig, readEnvironment } from "./config";
import { serve } from "./server";

/** Builds the command line; capabilities register their commands here. */
function createProgram(): Command {
  const program = new Command("rates").description("The rates service");
  program
    .command("api")
    .description("answer HTTP requests until SIGTERM or SIGINT")
    .action(async () => {
      await serve(loadConfig(readEnvironment().values));
    });
  return program;
}

createProgram()
  .parseAsync()
  .catch((error: unknown) => {
    console.error(describe(error));
    process.exit(1);
  });

/** The message of an error with the messages of its causes. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describe(error.cause)}`;
}

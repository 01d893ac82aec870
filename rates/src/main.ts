import "./platform/navigator";
import { parentPort, workerData } from "node:worker_threads";
import { Command } from "commander";
import { loadConfig, readEnvironment } from "./config";
import { feedCommands } from "./feed/commands";
import { databaseCommands } from "./platform/database/commands";
import { explanationOf } from "./platform/explanation";
import { queueCommands } from "./platform/queue/commands";
import { takeBatches } from "./prices/batches/thread-main";
import { isThreadStart } from "./prices/batches/thread-messages";
import { pricesCommands } from "./prices/commands";
import { serveInProcesses } from "./processes";

/** Builds the command line; capabilities register their commands here. */
function createProgram(): Command {
  const program = new Command("rates").description("The rates service");
  program
    .command("api")
    .description("answer HTTP requests until SIGTERM or SIGINT")
    .action(async () => {
      await serveInProcesses(loadConfig(readEnvironment().values));
    });
  databaseCommands(program);
  queueCommands(program);
  pricesCommands(program);
  feedCommands(program);
  return program;
}

if (parentPort !== null && isThreadStart(workerData)) {
  takeBatches(workerData, parentPort);
} else {
  createProgram()
    .parseAsync()
    .catch((error: unknown) => {
      console.error(explanationOf(error));
      process.exit(1);
    });
}

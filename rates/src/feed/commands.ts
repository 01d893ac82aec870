import type { Command } from "commander";
import { loadConfig, readEnvironment } from "../config";
import { exportIds } from "./export-ids";
import { preflight } from "./preflight";
import { runPull } from "./run";
import { submissionCommand } from "./submission";

const settings = () => loadConfig(readEnvironment().values);

/** `rates feed ...`. */
export function feedCommands(program: Command): void {
  const feed = program.command("feed").description("the pull of events from the upstream feed");
  feed
    .command("run")
    .description("pull everything that the upstream has and is not stored, from where the last run ended")
    .option("--anew", "walk through everything once more; events stay", false)
    .action(async (options: { anew: boolean }) => {
      process.exitCode = await runPull(settings(), options);
    });
  feed
    .command("preflight")
    .description("check key, upstream, limits, disk and database, and tell how long a pull will take")
    .option("--json", "as JSON", false)
    .action(async (options: { json: boolean }) => {
      process.exitCode = await preflight(settings(), options);
    });
  feed
    .command("export-ids")
    .description("write the id of every pulled event, one a line; count and checksum go to standard error")
    .argument("<file>", "- is standard output")
    .action(async (file: string) => exportIds(settings(), file));
  feed
    .command("submission")
    .description("print the command that hands a file of ids in; nothing is sent")
    .requiredOption("--file <file>", "the ids")
    .requiredOption("--repo <url>", "the repository to hand in with them")
    .option("--path <path>", "where the upstream takes it", "/api/v1/submissions")
    .action((options: { file: string; repo: string; path: string }) =>
      console.log(submissionCommand(settings(), options)),
    );
}

import { Command, InvalidArgumentError, Option } from "commander";
import { Problem } from "../copies/problem";
import { SIZES } from "../copies/sizes";
import { airgap } from "./airgap";
import { config } from "./config";
import { dev } from "./dev";
import { diff } from "./diff";
import { doctor } from "./doctor";
import { down, downAll } from "./down";
import { parseDuration } from "./duration";
import { Interrupted } from "./interruption";
import { logs } from "./logs";
import { plan } from "./plan";
import { prune } from "./prune";
import { reset } from "./reset";
import { run } from "./run";
import { sql } from "./sql";
import { status } from "./status";
import { start, stop } from "./stop";
import { up } from "./up";
import { vars } from "./vars";

const DEFAULT_COPY = "dev";
const COPY_ARGUMENT = ["[name]", "the copy", DEFAULT_COPY] as const;
const COPIES_ARGUMENT: [string, string, string[]] = ["[names...]", "the copies", [DEFAULT_COPY]];

const program = new Command("copy")
  .description("Copies of the rates system: each a PostgreSQL database and the API on top of it, beside the others")
  .showHelpAfterError("(copy --help lists the commands)");

program
  .command("up")
  .description("bring copies up, from wherever they are, and prove that they answer right")
  .argument(...COPIES_ARGUMENT)
  .option("--port <port>", "the port to answer on (default: the next free one from 3000)", parsePort)
  .addOption(new Option("--runtime <runtime>", "auto, embedded or docker").env("RUNTIME").default("auto"))
  .addOption(new Option("--size <size>", "how much of the machine it takes").choices(Object.keys(SIZES)))
  .option("--rates-sql <file>", "a dump of your own to be born from (default: db/rates.sql)")
  .option("--days <days>", "only the last so many days of the dump's prices", parseCount)
  .option("--lanes <lanes>", "only so many lanes, those with the most prices", parseCount)
  .option("--from <copy>", "be born with the present data of another copy")
  .option("--ttl <duration>", "how long it is wanted, for example 2h; after that prune removes it", parseDuration)
  .action(up);
program
  .command("start")
  .description("start a stopped copy")
  .argument(...COPY_ARGUMENT)
  .action(start);
program
  .command("stop")
  .description("stop a copy and keep its data")
  .argument(...COPY_ARGUMENT)
  .action(stop);
program
  .command("down")
  .description("remove copies with their data")
  .argument(...COPIES_ARGUMENT)
  .action(down);
program
  .command("down-all")
  .description("remove every copy of this checkout, and what only they used")
  .option("--confirm", "that this is meant", false)
  .action(downAll);
program
  .command("prune")
  .description("remove the copies whose TTL is over, and what no copy uses any more")
  .option("--json", "for scripts", false)
  .action(prune);
program
  .command("reset")
  .description("put a copy's data back to its dump")
  .argument(...COPY_ARGUMENT)
  .action(reset);
program
  .command("diff")
  .description("how two copies differ: revision, schema, row counts; exit code 2 when they do")
  .argument("<one>", "a copy")
  .argument("<other>", "another copy")
  .option("--json", "for scripts", false)
  .action(diff);
program
  .command("status")
  .alias("copies")
  .description("what copies there are and how they are")
  .argument("[name]", "one copy only")
  .option("--json", "for scripts", false)
  .action(status);
program
  .command("logs")
  .description("the end of a log")
  .argument(...COPY_ARGUMENT)
  .option("--role <role>", "api, database or queue", "api")
  .option("-n, --lines <lines>", "how many lines", parseCount, 50)
  .option("-f, --follow", "go on printing until Ctrl-C", false)
  .action(logs);
program
  .command("vars")
  .description("a copy's addresses as shell assignments")
  .argument(...COPY_ARGUMENT)
  .option("--json", "for scripts", false)
  .action(vars);
program
  .command("sql")
  .description("run SQL in a copy's database")
  .argument(...COPY_ARGUMENT)
  .option("-c, --command <sql>", "the statements (default: standard input)")
  .option("--queue", "in its queue's database instead", false)
  .option("--json", "the last result's rows, for scripts", false)
  .action(sql);
program
  .command("plan")
  .description("what up would change; exit code 2 when something would")
  .argument(...COPY_ARGUMENT)
  .option("--json", "for scripts", false)
  .action(plan);
program
  .command("run")
  .description("run a job inside a copy: copy run qa -- rates --help")
  .argument("<name>", "the copy")
  .argument("<command...>", "program and arguments, after --")
  .action(run);
program
  .command("config")
  .description("the service's settings and where each value comes from")
  .argument("[key]", "one setting only")
  .option("--json", "for scripts", false)
  .action(config);
program
  .command("airgap")
  .description("build what the docker runtime needs where no public registry answers")
  .option("--if-needed", "do nothing where the public registries answer", false)
  .action(airgap);
program
  .command("dev")
  .description("run the service from source against a copy's database, anew at every save")
  .argument(...COPY_ARGUMENT)
  .option("--port <port>", "the port to answer on (default: the next free one from 4000)", parsePort)
  .action(dev);
program
  .command("doctor")
  .description("what this machine lacks for each runtime")
  .option("--json", "for scripts", false)
  .action(doctor);

// Whoever read our output (`| head`) may stop reading; a birth goes on all the same.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

program.parseAsync().catch((error: unknown) => {
  process.exitCode ||= 1;
  if (error instanceof Interrupted) return;
  // A Problem speaks to the user; anything else is a defect and shows where it happened.
  console.error(isForTheUser(error) ? `\n${error.message}` : error);
});

/** DumpError (db) and ConfigError (rates) speak to the user too; infra knows them by name alone. */
function isForTheUser(error: unknown): error is Error {
  return error instanceof Error && (error instanceof Problem || ["DumpError", "ConfigError"].includes(error.name));
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new InvalidArgumentError("A port is a whole number from 1 to 65535.");
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new InvalidArgumentError("It must be a whole number of at least 1.");
}

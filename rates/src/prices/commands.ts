import { once } from "node:events";
import { type Command, InvalidArgumentError } from "commander";
import { type Config, loadConfig, readEnvironment } from "../config";
import { Database } from "../platform/database/database";
import { allLanes } from "./batches/ledger";
import { postFile } from "./batches/post-file";
import { sampleRows } from "./batches/sample-rows";

/** By the end of a file's name, the compression's left out. */
const TYPES: Readonly<Record<string, string>> = {
  csv: "text/csv",
  ndjson: "application/x-ndjson",
  jsonl: "application/x-ndjson",
  json: "application/json",
};

interface BatchOptions {
  readonly key?: string;
  readonly type?: string;
  readonly url?: string;
}

/** `rates batch` and `rates sample-batch`. */
export function pricesCommands(program: Command): void {
  program
    .command("batch")
    .description("send a file of prices to this copy as one batch; prints the answer")
    .argument("<file>", "CSV, NDJSON or JSON, also as .gz; - is standard input")
    .option("--key <key>", "Idempotency-Key; the file's SHA-256 unless given")
    .option(
      "--type <type>",
      `one of ${Object.keys(TYPES).join(", ")}; by the file's name unless given, else csv`,
      typeOption,
    )
    .option("--url <url>", "the API to send it to; this copy's own unless given")
    .action(batch);
  program
    .command("sample-batch")
    .description("print a made-up batch as CSV, on lanes that this copy has")
    .requiredOption("--rows <rows>", "how many prices", countOption)
    .option("--seed <seed>", "the same seed gives the same batch", countOption, 1)
    .action(sampleBatch);
}

/** Exit code 0 when the batch is in, 1 when it was refused or may be sent again. */
async function batch(file: string, { key, type, url }: BatchOptions): Promise<void> {
  const isGzip = file.endsWith(".gz");
  const suffix = (isGzip ? file.slice(0, -".gz".length) : file).split(".").at(-1) ?? "";
  const { status, body } = await postFile({
    url: new URL(url ?? ownUrl(loadConfig(readEnvironment().values))),
    file,
    type: TYPES[type ?? suffix] ?? "text/csv",
    isGzip,
    key,
    onProgress: showProgress,
  });
  process.stderr.write(process.stderr.isTTY ? "\n" : "");
  console.log(body);
  if (status !== 201) process.exitCode = 1;
}

/** An address to listen on is not always one to ask: 0.0.0.0 and :: stand for all of this machine's. */
function ownUrl({ HOST, PORT }: Config): string {
  const host = HOST === "0.0.0.0" || HOST === "::" ? "127.0.0.1" : HOST;
  return `http://${host.includes(":") ? `[${host}]` : host}:${PORT}`;
}

/** On a terminal one line that is written over, otherwise only the end. */
function showProgress(sent: number, total: number | undefined): void {
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  const share =
    total === undefined || total === 0 ? "" : ` of ${megabytes(total)} (${Math.round((sent / total) * 100)} %)`;
  if (process.stderr.isTTY) process.stderr.write(`\rsent ${megabytes(sent)}${share}`);
  else if (sent === total) process.stderr.write(`sent ${megabytes(sent)}\n`);
}

async function sampleBatch(options: { rows: number; seed: number }): Promise<void> {
  const database = new Database(loadConfig(readEnvironment().values), () => {});
  const lanes = await allLanes(database);
  await database.close();
  if (lanes.length === 0) throw new Error("This copy has no lanes: load a dump with prices, then migrate it.");
  for (const piece of sampleRows({ ...options, lanes })) {
    if (!process.stdout.write(piece)) await once(process.stdout, "drain");
  }
}

function countOption(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be an integer of at most nine digits.");
}

function typeOption(text: string): string {
  if (Object.hasOwn(TYPES, text)) return text;
  throw new InvalidArgumentError(`It must be one of ${Object.keys(TYPES).join(", ")}.`);
}

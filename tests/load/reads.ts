import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { findCheckout } from "infra/copies/checkout";
import { buildService } from "infra/images/api/bundle";
import { commandLineOf } from "rates/src/platform/database/connection-options";
import { PLANNING } from "rates/src/platform/database/database";
import { environmentFor } from "rates/testing/api";
import { temporaryFolder } from "../support/folder";
import { testServer } from "../support/server";
import { type FileProcess, fileProcess } from "./file-process";
import { type Paired, paired, type Run, rateCell, ratioCell } from "./paired";
import { LANE, READ_PATH } from "./read-path";
import { areThere } from "./tools";
import { answersPerSecond, GENERATOR } from "./wrk";

const STATEMENTS = "pgbench";

/** As many on both sides of a pair; each side has one thread that asks. */
const CLIENTS = 16;
const SECONDS = 2;
/** Until the code is compiled and connections are open. */
const WARM_UP_SECONDS = 4;
const PAIRS = 5;

/** All of the data is in memory, and nothing is written. */
const SERVER = { shared_buffers: "256MB", fsync: "off" };

/** What an answer takes of the database, asked for one lane alone: the least that could be sent. */
const STATEMENT = `
  SELECT version, days, counts, sums
  FROM data_version LEFT JOIN (
    lanes JOIN lane_months ON lane_id = id AND month BETWEEN :month::date AND :to::date
  ) ON orig_code = :orig AND dest_code = :dest`;

/**
 * `GET /rates` of one lane and month against what it is made of: the statement alone, and bare node:http with the same bytes.
 * @returns rows of a table; none where a tool is missing
 */
export async function measureReads(): Promise<string[][]> {
  if (!(await areThere("reads", [GENERATOR, STATEMENTS]))) return [];
  await using server = await testServer(SERVER);
  const database = await server.createDatabase("migrated");
  const access = { url: server.url(database), passwordFile: server.passwordFile };
  using folder = temporaryFolder();
  const { file } = await buildService(findCheckout().root);
  const api = (name: string, environment = {}) =>
    fileProcess([file, "api"], {
      env: { PORT: "0", ...environmentFor(access), ...environment },
      log: join(folder.path, `${name}.log`),
    });

  await using uncached = await api("uncached", { RATES_CACHE_MAX_BYTES: "0" });
  const script = join(folder.path, "statement.sql");
  writeFileSync(script, `${STATEMENT.replaceAll("\n", " ")};\n`);
  const statements = await paired(await askOften(uncached), () => statement(access, script), PAIRS);

  await using cached = await api("cached");
  await using bare = await fileProcess([join(__dirname, "bare-http.js")], {
    env: { ANSWER: JSON.stringify(await answerOf(cached)) },
    log: join(folder.path, "bare.log"),
  });
  const kept = await paired(await askOften(cached), await askOften(bare), PAIRS);
  return [
    describe("`GET /rates`, nothing kept / pgbench -M prepared of its statement", statements, ">= 0.45, aim 0.60"),
    describe("`GET /rates`, kept / bare node:http with the same bytes", kept, ">= 0.70, aim 0.90"),
  ];
}

/** What node:http does not send by itself. */
async function answerOf({ url }: FileProcess): Promise<{ headers: Record<string, string>; body: string }> {
  const answer = await fetch(`${url}${READ_PATH}`);
  const own = [...answer.headers].filter(([name]) => !["connection", "date", "keep-alive"].includes(name));
  return { headers: Object.fromEntries(own), body: await answer.text() };
}

/** @returns a run of seconds per answer, once the process is warm */
async function askOften({ url }: FileProcess): Promise<Run> {
  const question = `${url}${READ_PATH}`;
  await answersPerSecond(question, { clients: CLIENTS, seconds: WARM_UP_SECONDS });
  return async () => 1 / (await answersPerSecond(question, { clients: CLIENTS, seconds: SECONDS }));
}

/** @returns seconds per statement */
async function statement(access: { readonly url: string; readonly passwordFile: string }, script: string) {
  const { stdout } = await execa(
    STATEMENTS,
    [
      ...["--no-vacuum", "--protocol=prepared", "--jobs=1", `--client=${CLIENTS}`, `--time=${SECONDS}`],
      ...Object.entries(LANE).map(([name, value]) => `--define=${name}=${value}`),
      `--file=${script}`,
      access.url,
    ],
    { env: { PGPASSWORD: readFileSync(access.passwordFile, "utf8").trim(), PGOPTIONS: commandLineOf(PLANNING) } },
  );
  const rate = Number(/tps = ([\d.]+)/.exec(stdout)?.[1]);
  if (!(rate > 0)) throw new Error(`pgbench measured nothing:\n${stdout}`);
  return 1 / rate;
}

function describe(what: string, { ratios, a, b }: Paired, aim: string): string[] {
  return [what, ratioCell(ratios), rateCell(a), rateCell(b), String(ratios.length), aim];
}

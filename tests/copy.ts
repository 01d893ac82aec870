import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { findCheckout } from "infra/copies/checkout";
import { type Connection, openConnection } from "infra/copies/connection";

/** What a test may ask of its copy; all of it can be left out. */
export interface CopyOptions {
  readonly size?: "small" | "full";
  /** `auto` is docker where everything it needs is there, else embedded. */
  readonly runtime?: "auto" | "embedded" | "docker";
  /** A dump of your own. */
  readonly ratesSql?: string;
  /** Only the last so many days of prices. */
  readonly days?: number;
  /** Only so many lanes, the busiest. */
  readonly lanes?: number;
  /** The present data of a running copy instead of a dump's. */
  readonly from?: string;
  /** How long it may stay when the test run is killed, for `make prune`. */
  readonly ttl?: string;
}

/** A copy that is up, has proved its answer, and is nobody else's. */
export interface TestCopy extends AsyncDisposable {
  readonly name: string;
  /** Where its API answers, without a slash at the end. */
  readonly url: string;
  /** Without password; `passwordFile` holds that. */
  readonly databaseUrl: string;
  readonly passwordFile: string;
  /** Opens a connection to its database, which `await using` ends. */
  connect(): Promise<Connection>;
}

/** Long enough for any test run, short enough that nothing stays for a day. */
const DEFAULT_TTL = "1h";

/**
 * Brings up a copy for one test and takes it down with its data at the end of the test's scope:
 *
 *     await using c = await copy({ size: "small" });
 *     const answer = await fetch(`${c.url}/rates?...`);
 *
 * The first one on a machine takes seconds (image or template), the next about one.
 * @throws Error with what `copy up` said, where it did not come up; nothing of it is left then
 */
export async function copy(options: CopyOptions = {}): Promise<TestCopy> {
  const name = `test-${randomBytes(4).toString("hex")}`;
  await run(["up", name, ...flags({ ttl: DEFAULT_TTL, ...options })]);
  const vars = JSON.parse(await run(["vars", name, "--json"])) as Record<string, string>;
  const { RATES_URL = "", DATABASE_URL = "", DATABASE_PASSWORD_FILE = "" } = vars;
  return {
    name,
    url: RATES_URL,
    databaseUrl: DATABASE_URL,
    passwordFile: DATABASE_PASSWORD_FILE,
    connect: () => connectTo(vars),
    [Symbol.asyncDispose]: async () => void (await run(["down", name])),
  };
}

/** Connects as `copy vars` tells. */
export function connectTo(vars: Readonly<Record<string, string>>): Promise<Connection> {
  const { PGHOST = "", PGPORT, PGUSER = "", PGDATABASE = "", DATABASE_PASSWORD_FILE = "" } = vars;
  const password = readFileSync(DATABASE_PASSWORD_FILE, "utf8").trim();
  return openConnection({ host: PGHOST, port: Number(PGPORT), user: PGUSER, database: PGDATABASE, password });
}

/** `{ ratesSql: "x" }` as `--rates-sql x`. */
function flags(options: CopyOptions): string[] {
  return Object.entries(options).flatMap(([key, value]) => [
    `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    String(value),
  ]);
}

async function run(args: readonly string[]): Promise<string> {
  const { root } = findCheckout();
  const program = join(root, "infra", "bin", "copy.js");
  const done = await execa(process.execPath, [program, ...args], { cwd: root, all: true, reject: false });
  if (done.failed) throw new Error(`copy ${args.join(" ")} failed:\n${done.all}`);
  return done.stdout;
}

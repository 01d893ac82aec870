export { readFields } from "./events/fields";

import { choice, databaseUrl, filePath, httpUrl, integer, matching, secret } from "./platform/config/parsers";
import { type Reading, readSources, type Sources } from "./platform/config/sources";
import { defaulted, optional, required, type Variable } from "./platform/config/variable";

const AN_HOUR_MS = 3_600_000;

/** Every variable the service knows. The reference in docs/configuration.md and .env.example are made from this. */
export const variables = {
  DATABASE_URL: required(databaseUrl("DATABASE_PASSWORD_FILE"), {
    about: "The PostgreSQL database to serve from.",
    example: "postgres://rates@127.0.0.1:5432/rates",
  }),
  DATABASE_PASSWORD_FILE: optional(filePath, {
    about:
      "File that holds the database password. It is read at every new connection, so a rotated password is taken up by itself.",
    example: "/run/secrets/database-password",
  }),
  // A query takes about a millisecond, so ten keep two cores busy; PostgreSQL itself takes 100 unless told otherwise.
  DATABASE_POOL_MAX: defaulted(integer(1, 1_000), {
    about: "Most connections this process keeps to the database.",
    unit: "connections",
    fallback: "10",
    example: "4",
  }),
  // Sixty-four take three milliseconds together; what is slow holds nobody up for longer than 20.
  DATABASE_GATHER_MAX: defaulted(integer(1, 1_000), {
    about: "Most reads of `GET /rates` that go to the database as one statement; with 1 each has one of its own.",
    unit: "reads",
    fallback: "64",
    example: "1",
  }),
  // A connection takes milliseconds; two seconds outlast a busy machine and are short enough for a client to wait.
  DATABASE_CONNECT_TIMEOUT_MS: defaulted(integer(10, AN_HOUR_MS), {
    about: "Longest wait for a connection, a new one or a free one of the pool, before the answer is 503.",
    unit: "ms",
    fallback: "2000",
    example: "500",
  }),
  DATABASE_QUERY_TIMEOUT_MS: defaulted(integer(10, AN_HOUR_MS), {
    about:
      "Longest a statement may run, in the server (`statement_timeout`) and as seen from here, before the answer is 503. A transaction in which the server hears nothing for that long ends (`idle_in_transaction_session_timeout`).",
    unit: "ms",
    fallback: "5000",
    example: "1000",
  }),
  // Common gateways and load balancers drop a silent connection after 240 s at the earliest.
  DATABASE_IDLE_TIMEOUT_MS: defaulted(integer(10, AN_HOUR_MS), {
    about: "How long an unused connection is kept.",
    unit: "ms",
    fallback: "60000",
    example: "30000",
  }),
  // Node then asks every second, ten times: a dead peer is noticed 20 s after its last word.
  DATABASE_KEEPALIVE_MS: defaulted(integer(1_000, AN_HOUR_MS), {
    about: "Silence on a connection after which TCP begins to ask whether the other side is still there.",
    unit: "ms",
    fallback: "10000",
    example: "30000",
  }),
  // The question takes 0.1 ms and connections in steady use never rest that long, so asking early costs nothing.
  DATABASE_PROBE_AFTER_MS: defaulted(integer(0, AN_HOUR_MS), {
    about: "A connection that rested longer than this is asked a cheap question before a request is trusted to it.",
    unit: "ms",
    fallback: "100",
    example: "1000",
  }),
  QUEUE_URL: optional(databaseUrl("QUEUE_PASSWORD_FILE"), {
    about:
      "The PostgreSQL database of the queue, on a server of its own. Without it nothing is queued: what the database cannot take is refused.",
    example: "postgres://rates@127.0.0.1:6500/rates",
  }),
  QUEUE_PASSWORD_FILE: optional(filePath, {
    about: "File that holds the queue's password, read as DATABASE_PASSWORD_FILE is.",
    example: "/run/secrets/queue-password",
  }),
  // One fetches, the others publish: a message of 50 KB is committed in some 7 ms.
  QUEUE_POOL_MAX: defaulted(integer(1, 100), {
    about: "Most connections this process keeps to the queue.",
    unit: "connections",
    fallback: "3",
    example: "4",
  }),
  COPY_ID: optional(matching(/^[\x21-\x7e]{1,128}$/, "1 to 128 visible ASCII characters"), {
    about:
      "Id of the copy whose database this process may use. A database whose setting `rates.copy_id` differs is refused.",
    example: "3f9a1c-dev",
  }),
  REVISION: defaulted(matching(/^[A-Za-z0-9._-]{1,64}$/, "1 to 64 letters, digits, dots, underscores or dashes"), {
    about: "What is deployed here; sent with every answer as `X-Revision`.",
    fallback: "unknown",
    example: "5d41402abc4b",
  }),
  HOST: defaulted(matching(/^[A-Za-z0-9.:_-]{1,255}$/, "a host name or an IP address"), {
    about: "Address to listen on.",
    fallback: "127.0.0.1",
    example: "0.0.0.0",
  }),
  PORT: defaulted(integer(0, 65_535), {
    about: "TCP port to listen on; 0 takes any free one and logs it.",
    fallback: "3000",
    example: "3100",
  }),
  // Node answers on one core; a copy of the size `small` has one process, containers are multiplied outside.
  API_PROCESSES: defaulted(integer(1, 64), {
    about:
      "How many processes answer on PORT. Each has a pool of its own, and `/metrics` speaks of the one that answers.",
    unit: "processes",
    fallback: "1",
    example: "2",
  }),
  // Longer than the 60 s a proxy keeps an idle connection, so that it is the proxy that closes and no request meets a closing one.
  HTTP_KEEP_ALIVE_MS: defaulted(integer(1, AN_HOUR_MS), {
    about: "How long an idle HTTP connection stays open.",
    unit: "ms",
    fallback: "65000",
    example: "5000",
  }),
  // Three times what the slowest request may take; nobody waits when nothing is in flight.
  DRAIN_TIMEOUT_MS: defaulted(integer(1, AN_HOUR_MS), {
    about:
      "Longest wait, after SIGTERM or SIGINT, for requests in flight; then the process exits with 1. A batch that has begun keeps its own limit, BATCH_TIMEOUT_MS.",
    unit: "ms",
    fallback: "15000",
    example: "5000",
  }),
  PROXY_GATE: defaulted(choice("0", "1"), {
    about:
      "1 where a proxy has to know this process before it counts as healthy, and to hear that it drains before it ends. Set by the stack alone.",
    fallback: "0",
    example: "1",
  }),
  LOG_LEVEL: defaulted(choice("fatal", "error", "warn", "info", "debug", "trace", "silent"), {
    about: "Least severe log line to write. Requests are logged at `info`, probes and scrapes at `debug`.",
    fallback: "info",
    example: "debug",
  }),
  RATES_MAX_DAYS: defaulted(integer(1, 100_000), {
    about: "Longest range of days that one `GET /rates` may ask for.",
    unit: "days",
    fallback: "3660",
    example: "400",
  }),
  // A month of one lane takes 2 KB, so this holds 8,000 of them; the smallest container has room for several times that.
  RATES_CACHE_MAX_BYTES: defaulted(integer(0, 1_000_000_000), {
    about: "Most memory for answers of `GET /rates` that are kept until the next batch; 0 keeps none.",
    unit: "bytes",
    fallback: "16000000",
    example: "0",
  }),
  // Ten times the ten million that are the largest known batch; with the defaults a spool file then takes 3 GB.
  BATCH_MAX_ROWS: defaulted(integer(1, 1_000_000_000), {
    about: "Most rows of one batch; more is a 413.",
    unit: "rows",
    fallback: "100000000",
    example: "1000000",
  }),
  // A hundred million rows of JSON are 7 GB.
  BATCH_MAX_BYTES: defaulted(integer(1, 1_000_000_000_000), {
    about: "Most bytes of one batch, counted after decoding; more is a 413.",
    unit: "bytes",
    fallback: "8000000000",
    example: "100000000",
  }),
  // Ten million rows take some 15 s once they are here, so this is mostly for the network.
  BATCH_TIMEOUT_MS: defaulted(integer(10, AN_HOUR_MS), {
    about:
      "Longest time for one batch: until it has arrived (else 408) and until it is committed (else 503). It takes the place of DATABASE_QUERY_TIMEOUT_MS for the statements of a batch.",
    unit: "ms",
    fallback: "600000",
    example: "60000",
  }),
  // The loads wait for each other in the end, so more would only hold memory (5 MB each) and connections.
  BATCH_MAX_CONCURRENT: defaulted(integer(1, 100), {
    about: "Most batches that one process takes at once, each with a database connection of its own; more is a 429.",
    unit: "batches",
    fallback: "8",
    example: "2",
  }),
  SPOOL_DIR: defaulted(filePath, {
    about:
      "Folder for batches of more than 131,072 rows while they arrive, 32 bytes a row at most. The files have no names.",
    fallback: "/tmp",
    example: "/var/tmp",
  }),
  EVENT_FIELDS_FILE: optional(filePath, {
    about:
      'JSON file with the names under which clients send the fields of an event, such as `{"client": ["tenant"]}`; it is read at start. What it leaves out keeps the names in docs/events.md.',
    example: "/etc/rates/event-fields.json",
  }),
  // With 100 bytes each, a transaction of a third of a second.
  EVENTS_MAX_PER_REQUEST: defaulted(integer(1, 1_000_000), {
    about: "Most events of one `POST /api/events`; more is a 413.",
    unit: "events",
    fallback: "10000",
    example: "1000",
  }),
  // Ten thousand events of 1.6 kB, or a few of a megabyte.
  EVENTS_MAX_BYTES: defaulted(integer(1, 100_000_000), {
    about: "Most bytes of one `POST /api/events`; more is a 413.",
    unit: "bytes",
    fallback: "16000000",
    example: "1000000",
  }),
  // Some seconds of full load: a client that waits longer has gone away.
  EVENTS_MAX_WAITING: defaulted(integer(1, 10_000_000), {
    about: "Most events that one process has in hand until they are stored; more is a 429.",
    unit: "events",
    fallback: "50000",
    example: "10000",
  }),
  // With what JavaScript makes of it four times as much, a quarter of the smallest container.
  EVENTS_MAX_WAITING_BYTES: defaulted(integer(1, 1_000_000_000), {
    about: "Most bytes of events that one process has in hand until they are stored; more is a 429.",
    unit: "bytes",
    fallback: "32000000",
    example: "8000000",
  }),
  API_BASE_URL: optional(httpUrl, {
    about: "The upstream that `rates feed` pulls events from; `/api/v1/events` is looked for below it.",
    example: "https://events.example.com",
  }),
  TARGET_API_KEY: optional(secret, {
    about: "The upstream's key, for where no file can be had; TARGET_API_KEY_FILE is better and wins.",
    example: "key-of-the-upstream",
  }),
  TARGET_API_KEY_FILE: optional(filePath, {
    about: "File that holds the upstream's key.",
    example: "/run/secrets/target-api-key",
  }),
  // What the upstream is known to allow; it gives less where it allows less.
  BATCH_SIZE: defaulted(integer(1, 100_000), {
    about: "Events to ask for in one page of the feed, which is also what one transaction stores.",
    unit: "events",
    fallback: "5000",
    example: "1000",
  }),
  // Moments come in whole seconds, so that one is off by less than this.
  RATE_LIMIT_BUFFER: defaulted(integer(0, 60), {
    about:
      "How much longer than told to wait for the next window of the feed's rate limit, once the upstream was seen to round its moments down.",
    unit: "s",
    fallback: "1",
    example: "2",
  }),
  PROGRESS_LOG_INTERVAL_MS: defaulted(integer(100, AN_HOUR_MS), {
    about: "How often a pull logs `ingest.progress`.",
    unit: "ms",
    fallback: "10000",
    example: "60000",
  }),
  // A page and its checkpoint are one transaction, so what a crash of the server may lose is fetched again.
  PG_SYNC_COMMIT: defaulted(choice("on", "off"), {
    about:
      "Whether a pull waits for the disk with every page. With `off` a crash of the database server costs the pages of its last second, which are fetched again; the end of a pull always waits.",
    fallback: "off",
    example: "on",
  }),
  FEED_WORKERS: defaulted(integer(1, 32), {
    about:
      "How many pages of the feed to fetch at once, each worker in spans of time of its own. More than one only where the upstream can be asked for spans of time.",
    unit: "workers",
    fallback: "1",
    example: "4",
  }),
  // A page of 5,000 events takes a second on a slow line; stalled answers are known to happen.
  FEED_TIMEOUT_MS: defaulted(integer(10, AN_HOUR_MS), {
    about: "Longest time for one answer of the feed's upstream; then it is asked again.",
    unit: "ms",
    fallback: "30000",
    example: "10000",
  }),
  // 5,000 events of 6 kB; known ones have 0.3 kB. It is held in memory, with what JavaScript makes of it three times.
  FEED_MAX_BYTES: defaulted(integer(1_000, 1_000_000_000), {
    about: "Largest answer of the feed's upstream; a larger one is given up, and smaller pages are asked for.",
    unit: "bytes",
    fallback: "32000000",
    example: "8000000",
  }),
  // Longer than any known restart of the upstream, and short enough for somebody to hear of it.
  FEED_GIVE_UP_MS: defaulted(integer(100, 24 * AN_HOUR_MS), {
    about: "How long a pull goes on without a single page from the upstream before it ends as incomplete.",
    unit: "ms",
    fallback: "900000",
    example: "60000",
  }),
  FEED_HEADERS_FILE: optional(filePath, {
    about:
      'JSON file with headers for the feed\'s stream, in place of or besides those in docs/feed.md, such as `{"User-Agent": "..."}`; an empty text leaves one out.',
    example: "/etc/rates/feed-headers.json",
  }),
} satisfies Record<string, Variable<unknown>>;

/** The name of a variable the service knows. */
export type VariableName = keyof typeof variables;

/** The names of all variables in the order of the reference. */
export const VARIABLE_NAMES = Object.keys(variables) as readonly VariableName[];

/** A whole environment for the service, as whoever starts it builds it; a variable that is not wanted is "". */
export type ServiceEnvironment = Record<VariableName, string>;

/** The parsed configuration, under the names of the variables. */
export type Config = {
  readonly [Name in VariableName]: (typeof variables)[Name] extends Variable<infer Value> ? Value : never;
};

/**
 * Longest time, in ms, from the first signal to the end of a process that drains: a batch that began just before keeps
 * its own limit, and what is answered then has the time that any request has. Whoever ends a process waits longer.
 */
export function longestDrainMs(limits: Pick<Config, "DRAIN_TIMEOUT_MS" | "BATCH_TIMEOUT_MS">): number {
  return limits.BATCH_TIMEOUT_MS + limits.DRAIN_TIMEOUT_MS;
}

/** Everything that is wrong with an environment, one line each; it never holds a secret. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  constructor(readonly problems: readonly string[]) {
    super(["The configuration is not usable:", ...problems.map((problem) => `  ${problem}`)].join("\n"));
  }
}

/**
 * Finds the value of every variable: the process environment wins over the file that CONFIG_FILE names, which wins
 * over `.env` in the working directory. Says where each value came from.
 * @throws {Error} when CONFIG_FILE names a file that cannot be read
 */
export function readEnvironment(sources: Sources = {}): Reading<VariableName> {
  return readSources(VARIABLE_NAMES, sources);
}

/**
 * Parses an environment. It reads nothing else and changes nothing.
 * @param environment values by variable name; a missing or empty one counts as not set
 * @returns the frozen configuration
 * @throws {ConfigError} naming every problem at once
 */
export function loadConfig(environment: Readonly<Partial<Record<VariableName, string | undefined>>>): Config {
  const problems: string[] = [];
  const read = (name: VariableName): unknown => {
    const variable: Variable<unknown> = variables[name];
    const text = environment[name] || variable.fallback;
    const value = text === "" ? undefined : variable.parser.parse(text);
    const refused = value === undefined && (text !== "" || variable.presence === "required");
    if (refused) problems.push(problem(name, variable, text));
    return value;
  };
  const config = Object.fromEntries(VARIABLE_NAMES.map((name) => [name, read(name)])) as Config;
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(config);
}

function problem(name: VariableName, { parser, example }: Variable<unknown>, text: string): string {
  const found = text === "" ? "is not set" : `is ${parser.found?.(text) ?? JSON.stringify(text)}`;
  return `${name} ${found}; valid is ${parser.valid}; for example ${name}=${example}`;
}

import { createHash } from "node:crypto";
import { join } from "node:path";
import { longestDrainMs, readEnvironment, type ServiceEnvironment, variables } from "rates/src/config";
import type { Checkout } from "./checkout";
import { type Copy, type DatabaseAddress, databaseUrl } from "./copy";
import { eventFieldsFile } from "./event-fields";
import { SIZES } from "./sizes";

/** The variables that differ between two copies of one revision. */
type OwnVariable =
  | "API_PROCESSES"
  | "COPY_ID"
  | "DATABASE_PASSWORD_FILE"
  | "DATABASE_URL"
  | "HOST"
  | "PORT"
  | "PROXY_GATE"
  | "QUEUE_PASSWORD_FILE"
  | "QUEUE_URL"
  | "REVISION";

/** The settings of jobs: those of the feed. The API does not have them, so they are no part of its revision, and no secret is. */
const JOB_VARIABLES = [
  "API_BASE_URL",
  "TARGET_API_KEY",
  "TARGET_API_KEY_FILE",
  "BATCH_SIZE",
  "RATE_LIMIT_BUFFER",
  "PROGRESS_LOG_INTERVAL_MS",
  "PG_SYNC_COMMIT",
  "FEED_WORKERS",
  "FEED_TIMEOUT_MS",
  "FEED_MAX_BYTES",
  "FEED_GIVE_UP_MS",
  "FEED_HEADERS_FILE",
] as const;
type JobVariable = (typeof JOB_VARIABLES)[number];

/** What every copy of one size and code shares: together with the code it makes the revision. */
export type SharedEnvironment = Omit<ServiceEnvironment, OwnVariable | JobVariable>;

/**
 * The settings of the service that are not a copy's own: from the shell, then CONFIG_FILE, then the checkout's `.env`;
 * empty means the service's default. A file is named by its content. Every variable of the service's spec stands here or in
 * `serviceEnvironment`, and one that is missing is a type error.
 */
export function sharedEnvironment(checkout: Checkout, copy: Pick<Copy["record"], "size">): SharedEnvironment {
  const { values } = readEnvironment({ env: process.env, directory: checkout.root });
  const setting = (name: keyof SharedEnvironment): string => values[name] ?? "";
  return {
    DATABASE_POOL_MAX: setting("DATABASE_POOL_MAX") || String(SIZES[copy.size].poolMax),
    DATABASE_GATHER_MAX: setting("DATABASE_GATHER_MAX"),
    DATABASE_CONNECT_TIMEOUT_MS: setting("DATABASE_CONNECT_TIMEOUT_MS"),
    DATABASE_QUERY_TIMEOUT_MS: setting("DATABASE_QUERY_TIMEOUT_MS"),
    DATABASE_IDLE_TIMEOUT_MS: setting("DATABASE_IDLE_TIMEOUT_MS"),
    DATABASE_KEEPALIVE_MS: setting("DATABASE_KEEPALIVE_MS"),
    DATABASE_PROBE_AFTER_MS: setting("DATABASE_PROBE_AFTER_MS"),
    QUEUE_POOL_MAX: setting("QUEUE_POOL_MAX") || String(SIZES[copy.size].queuePoolMax),
    HTTP_KEEP_ALIVE_MS: setting("HTTP_KEEP_ALIVE_MS"),
    DRAIN_TIMEOUT_MS: setting("DRAIN_TIMEOUT_MS"),
    LOG_LEVEL: setting("LOG_LEVEL"),
    RATES_CACHE_MAX_BYTES: setting("RATES_CACHE_MAX_BYTES"),
    RATES_MAX_DAYS: setting("RATES_MAX_DAYS"),
    BATCH_MAX_ROWS: setting("BATCH_MAX_ROWS"),
    BATCH_MAX_BYTES: setting("BATCH_MAX_BYTES"),
    BATCH_TIMEOUT_MS: setting("BATCH_TIMEOUT_MS"),
    BATCH_MAX_CONCURRENT: setting("BATCH_MAX_CONCURRENT"),
    SPOOL_DIR: setting("SPOOL_DIR"),
    EVENT_FIELDS_FILE: eventFieldsFile(checkout)?.name ?? "",
    EVENTS_MAX_PER_REQUEST: setting("EVENTS_MAX_PER_REQUEST"),
    EVENTS_MAX_BYTES: setting("EVENTS_MAX_BYTES"),
    EVENTS_MAX_WAITING: setting("EVENTS_MAX_WAITING"),
    EVENTS_MAX_WAITING_BYTES: setting("EVENTS_MAX_WAITING_BYTES"),
  };
}

const NO_JOB = Object.fromEntries(JOB_VARIABLES.map((name) => [name, ""])) as Record<JobVariable, string>;

/** What one process of a copy has of its own. */
export interface OwnSettings {
  readonly shared: SharedEnvironment;
  readonly revision: string;
  /** As the process sees it: inside a container other than outside. */
  readonly database: DatabaseAddress;
  readonly queue: DatabaseAddress;
  readonly host: string;
  readonly port: number;
  /** API processes behind this one port. */
  readonly processes: number;
  /** Where batches are kept while they arrive; undefined is what SPOOL_DIR says. */
  readonly spoolFolder?: string;
  /** Where the process finds the files that it is given; undefined is the copy's own folder of them. */
  readonly filesFolder?: string;
  /** Whether a proxy has to know the process before it counts as healthy. */
  readonly proxyGate: boolean;
}

/** The settings of a job that are given now, from the places that all settings come from. */
export function jobEnvironment(checkout: Checkout): Partial<Record<JobVariable, string>> {
  const { values } = readEnvironment({ env: process.env, directory: checkout.root });
  return Object.fromEntries(JOB_VARIABLES.flatMap((name) => (values[name] ? [[name, values[name]]] : [])));
}

/** Everything one process of the copy is started with. Secrets are paths, never values. */
export function serviceEnvironment({ paths, record }: Copy, own: OwnSettings): ServiceEnvironment {
  const { EVENT_FIELDS_FILE: fields } = own.shared;
  return {
    ...NO_JOB,
    ...own.shared,
    API_PROCESSES: String(own.processes),
    COPY_ID: record.id,
    DATABASE_PASSWORD_FILE: own.database.passwordFile,
    DATABASE_URL: databaseUrl(own.database),
    EVENT_FIELDS_FILE: fields && join(own.filesFolder ?? paths.files, fields),
    HOST: own.host,
    PORT: String(own.port),
    PROXY_GATE: own.proxyGate ? "1" : "",
    QUEUE_PASSWORD_FILE: own.queue.passwordFile,
    QUEUE_URL: databaseUrl(own.queue),
    REVISION: own.revision,
    SPOOL_DIR: own.spoolFolder ?? own.shared.SPOOL_DIR,
  };
}

/** What lies between the longest drain and the moment at which a process is killed: its start and end take tenths. */
const SPARE_MS = 5_000;

/** How long, in ms, a process with this environment is given to end in order: as long as the longest batch, and more. */
export function graceMs(environment: Readonly<Partial<Record<string, string>>>): number {
  const limit = (name: "DRAIN_TIMEOUT_MS" | "BATCH_TIMEOUT_MS") =>
    Number(environment[name] || variables[name].fallback);
  const longest = longestDrainMs({
    DRAIN_TIMEOUT_MS: limit("DRAIN_TIMEOUT_MS"),
    BATCH_TIMEOUT_MS: limit("BATCH_TIMEOUT_MS"),
  });
  return longest + SPARE_MS;
}

/** Twelve hex digits that change with the code, the shared environment, or the size's shape. */
export function revisionOf(copy: Pick<Copy["record"], "size">, codeHash: string, shared: SharedEnvironment): string {
  const content = JSON.stringify([codeHash, Object.entries(shared).sort(), SIZES[copy.size]]);
  return createHash("sha256").update(content).digest("hex").slice(0, 12);
}

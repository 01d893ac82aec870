import { readFileSync } from "node:fs";
import type { Config } from "../config";
import { FeedClient } from "./client";
import { field, jsonOf } from "./json-fields";
import { RateBudget } from "./rate-budget";
import { Source } from "./source";
import { Sources } from "./sources";
import { StreamAccess } from "./stream-access";

const EVENTS_PATH = "/api/v1/events";
const ACCESS_PATH = "/internal/dashboard/stream-access";
const MS_PER_S = 1_000;

/** What a dashboard in a browser sends; which of it is needed varies, so all of it is sent. */
const BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

/** The upstream of a pull: where it is, and the ways to its events. */
export interface Upstream {
  /** Base URL, without key. */
  readonly url: string;
  readonly key: string;
  readonly client: FeedClient;
  readonly sources: Sources;
}

/**
 * Reads how the upstream is reached. Nothing is asked yet.
 * @throws {Error} naming the setting that is missing or cannot be used
 */
export function openUpstream(config: Config): Upstream {
  const { API_BASE_URL: url } = config;
  if (url === undefined)
    throw new Error("API_BASE_URL is not set: name the upstream, for example https://events.example.com");
  const { origin, pathname } = new URL(url);
  const base = pathname === "/" ? "" : pathname;
  const key = readKey(config);
  const client = new FeedClient(origin, {
    timeoutMs: config.FEED_TIMEOUT_MS,
    mostBytes: config.FEED_MAX_BYTES,
    connections: config.FEED_WORKERS + 1,
  });
  const source = { client, limit: config.BATCH_SIZE, key };
  const budget = () => new RateBudget(config.RATE_LIMIT_BUFFER * MS_PER_S);
  const access = new StreamAccess(client, {
    path: `${base}${ACCESS_PATH}`,
    headers: dashboardHeaders(config, origin, key),
  });
  const sources = new Sources(
    new Source("stream", { ...source, budget: budget() }, access),
    new Source(
      "events",
      { ...source, budget: budget() },
      { path: `${base}${EVENTS_PATH}`, headers: { "X-API-Key": key } },
    ),
  );
  return { url, key, client, sources };
}

function readKey({ TARGET_API_KEY: key, TARGET_API_KEY_FILE: file }: Config): string {
  if (file === undefined) {
    if (key !== undefined) return key;
    throw new Error("TARGET_API_KEY_FILE is not set: name the file that holds the upstream's key");
  }
  const read = readFileSync(file, "utf8").trim();
  if (/^[\x21-\x7e]{1,1024}$/.test(read)) return read;
  throw new Error(`TARGET_API_KEY_FILE names ${file}, which holds no key: 1 to 1,024 visible ASCII characters are one`);
}

function dashboardHeaders({ FEED_HEADERS_FILE: file }: Config, origin: string, key: string): Record<string, string> {
  const headers: Record<string, string> = {
    "X-API-Key": key,
    "User-Agent": BROWSER,
    Origin: origin,
    Referer: `${origin}/dashboard`,
    "X-Requested-With": "XMLHttpRequest",
    "X-Dashboard-Session": "true",
    "Sec-Fetch-Site": "same-origin",
    Cookie: `dashboard_api_key=${key}`,
    ...(file === undefined ? {} : readHeaders(file)),
  };
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ""));
}

function readHeaders(file: string): Record<string, string> {
  const json = jsonOf(readFileSync(file, "utf8"));
  const names = typeof json === "object" && json !== null && !Array.isArray(json) ? Object.keys(json) : undefined;
  const wrong = names?.find((name) => typeof field(json, name) !== "string" || !/^[A-Za-z0-9-]+$/.test(name));
  if (names === undefined || wrong !== undefined) {
    throw new Error(
      `FEED_HEADERS_FILE names ${file}: it has to be a JSON object of texts${wrong ? `, and ${wrong} is none` : ""}`,
    );
  }
  return Object.fromEntries(names.map((name) => [name, String(field(json, name))]));
}

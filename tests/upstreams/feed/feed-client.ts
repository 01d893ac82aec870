import { request } from "node:http";
import { type Answer, ask } from "rates/testing/http";
import type { FeedSimulator } from "./simulator";
import { DEFAULTS, type Switches } from "./switches";

/** A page as both kinds of body say it. */
export interface ClientPage {
  readonly data: readonly Record<string, unknown>[];
  readonly hasMore: boolean | undefined;
  readonly nextCursor: string | null | undefined;
  readonly total: number | undefined;
}

interface Query {
  readonly path?: string;
  readonly limit?: number;
  readonly cursor?: string | null | undefined;
  readonly since?: number;
  readonly until?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** All that a browser's dashboard sends with the key. */
export function dashboardHeaders(key: string): Record<string, string> {
  return {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64)",
    Origin: "http://127.0.0.1",
    Referer: "http://127.0.0.1/dashboard",
    "X-Requested-With": "XMLHttpRequest",
    "X-Dashboard-Session": "true",
    "Sec-Fetch-Site": "same-origin",
    Cookie: `theme=dark; dashboard_api_key=${key}`,
  };
}

/** Sets every switch that can change: those given, all others as they are by default. */
export async function setOnly(upstream: FeedSimulator, given: Partial<Switches>): Promise<void> {
  const { total: _total, seed: _seed, key: _key, ...changing } = DEFAULTS;
  await upstream.set({ ...changing, ...given });
}

/** Asks for a page with the key. Fails when the answer breaks off. */
export function askPage(
  upstream: FeedSimulator,
  { path = "/api/v1/events", headers, ...query }: Query,
): Promise<Answer> {
  const fields = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const text = new URLSearchParams(Object.fromEntries(fields.map(([name, value]) => [name, String(value)])));
  return ask(upstream.port, `${path}?${text}`, { headers: { "X-API-Key": upstream.key, ...headers } });
}

/** A page, read. @throws Error when the answer is no 200 */
export async function readPage(upstream: FeedSimulator, query: Query = {}): Promise<ClientPage> {
  const { status, body } = await askPage(upstream, query);
  if (status !== 200) throw new Error(`a page was answered ${status}: ${body}`);
  const { data, pagination, meta, hasMore, nextCursor } = JSON.parse(body);
  const end = pagination ?? { hasMore, nextCursor };
  return { data, hasMore: end.hasMore, nextCursor: end.nextCursor, total: meta?.total };
}

/** Every page from the first to the one that says it is the last. */
export async function readPages(upstream: FeedSimulator, query: Query = {}): Promise<ClientPage[]> {
  const pages = [await readPage(upstream, query)];
  for (let last = pages[0]; last?.hasMore; last = pages.at(-1)) {
    pages.push(await readPage(upstream, { ...query, cursor: last.nextCursor }));
  }
  return pages;
}

/** The entries of all pages. */
export async function readAll(upstream: FeedSimulator, query: Query = {}): Promise<Record<string, unknown>[]> {
  return (await readPages(upstream, query)).flatMap(({ data }) => data);
}

export function post(
  upstream: FeedSimulator,
  {
    path,
    body = "",
    headers,
  }: { readonly path: string; readonly body?: string; readonly headers?: Record<string, string> },
): Promise<Answer> {
  return ask(upstream.port, path, { method: "POST", body, headers: { "X-API-Key": upstream.key, ...headers } });
}

export const ACCESS_PATH = "/internal/dashboard/stream-access";

/** Asks for access to the stream as a dashboard does. @returns how to ask the stream for pages */
export async function openStream(upstream: FeedSimulator): Promise<Required<Pick<Query, "path" | "headers">>> {
  const { status, body } = await post(upstream, { path: ACCESS_PATH, headers: dashboardHeaders(upstream.key) });
  if (status !== 200) throw new Error(`access to the stream was answered ${status}: ${body}`);
  const { endpoint, token, tokenHeader } = JSON.parse(body).streamAccess;
  return { path: new URL(endpoint, upstream.url).pathname, headers: { [tokenHeader]: token } };
}

/** Reads so many bytes of an answer and hangs up. @returns how many came before the answer ended or that was reached */
export function readBytes(upstream: FeedSimulator, most: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { "X-API-Key": upstream.key };
    const sent = request({ host: "127.0.0.1", port: upstream.port, path: "/api/v1/events", headers, agent: false });
    sent.on("error", reject).on("response", (response) => {
      let bytes = 0;
      response.on("end", () => resolve(bytes)).on("error", reject);
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes < most) return;
        resolve(bytes);
        response.destroy();
      });
    });
    sent.end();
  });
}

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { type Answer, refusal } from "./answer";
import { giveBack } from "./byte-text";
import { deliver } from "./delivery";
import { FaultDraw } from "./fault-draw";
import { RateLimiter, rateHeaders, rateRefusal } from "./rate-limit";
import { STREAM_PATH } from "./stream-access";
import type { Fault } from "./switches";
import { Tally } from "./tally";
import type { Upstream } from "./upstream";

/** Pages that a client can use, although something is wrong. */
const USABLE: ReadonlySet<Fault | undefined> = new Set([undefined, "drip", "no-has-more", "lost-cursor"]);
const CONTROL = "/_control/";
const ROUTES = {
  "GET /api/v1/events": "events",
  "POST /api/v1/events/bulk": "bulk",
  "POST /internal/dashboard/stream-access": "access",
  [`GET ${STREAM_PATH}`]: "stream",
} as const;
type Route = (typeof ROUTES)[keyof typeof ROUTES];

interface Luck {
  readonly fault: Fault | undefined;
  readonly chance: number;
}

/** The upstream on a port of 127.0.0.1, and the other host to which it redirects on another. */
export class FeedServer {
  port = 0;
  readonly #upstream: Upstream;
  readonly #draw: FaultDraw;
  readonly #tally = new Tally();
  readonly #limiters = { events: new RateLimiter(), bulk: new RateLimiter(), stream: new RateLimiter() };
  #foreignUrl = "";

  /** @param faultSeed decides which requests go wrong */
  constructor(upstream: Upstream, faultSeed: number) {
    this.#upstream = upstream;
    this.#draw = new FaultDraw(faultSeed);
  }

  /** @param port 0 for any */
  async listen(port: number): Promise<void> {
    const server = createServer((request, response) => void this.#handle(request, response));
    this.port = await listening(server, port);
    const foreign = createServer((request, response) => this.#trap(request, response));
    // Another name besides another port: a client that compares hosts alone has to see it, too.
    this.#foreignUrl = `http://localhost:${await listening(foreign, 0)}`;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    if (url.pathname.startsWith(CONTROL)) return this.#control(url.pathname, request, response);
    const begun = performance.now();
    const name = `${request.method} ${url.pathname}`;
    response.on("close", () => this.#tally.request(name, response.writableFinished ? response.statusCode : 0));
    const { answer, luck } = await this.#answer(name, url, request);
    const { text: lent } = answer;
    // Where the client has gone already, its memory is lost to the pool, which makes another.
    if (lent !== undefined && !response.closed) response.on("close", () => giveBack(lent));
    await this.#wait(begun, luck.chance);
    if (luck.fault !== undefined) this.#tally.fault(luck.fault);
    if (answer.places !== undefined && USABLE.has(luck.fault)) this.#countPage(answer.places, response);
    const { dripMs, oversizedBytes } = this.#upstream.switches;
    await deliver(response, answer, {
      ...luck,
      dripMs,
      oversizedBytes,
      foreignUrl: `${this.#foreignUrl}${url.pathname}`,
    });
  }

  /** Key, rate limit, luck, and only then what was asked for. */
  async #answer(name: string, url: URL, request: IncomingMessage): Promise<{ answer: Answer; luck: Luck }> {
    const { switches } = this.#upstream;
    const body = request.method === "POST" ? await text(request) : "";
    const route = Object.entries(ROUTES).find(([known]) => known === name)?.[1];
    const spared = { fault: undefined, chance: this.#draw.chance() };
    if (route === undefined) return { answer: refusal(404, "NOT_FOUND", switches), luck: spared };
    if (request.headers["x-api-key"] !== switches.key) {
      return { answer: refusal(401, "UNAUTHORIZED", switches), luck: spared };
    }
    const admission = this.#admit(route);
    if (admission?.isGranted === false) return { answer: rateRefusal(admission, switches), luck: spared };
    if (admission !== undefined) this.#tally.granted(url.pathname, admission.window);
    const luck = { fault: this.#draw.next(switches), chance: spared.chance };
    const answer = this.#routed(route, { url, request, luck, body });
    const headers = admission === undefined ? {} : rateHeaders(admission, switches);
    return { answer: { ...answer, headers: { ...headers, ...answer.headers } }, luck };
  }

  #admit(route: Route) {
    const { rateLimit, streamRateLimit } = this.#upstream.switches;
    const limit = route === "stream" ? streamRateLimit : rateLimit;
    return limit === null || route === "access" ? undefined : this.#limiters[route].admit(limit);
  }

  #routed(
    route: Route,
    { url, request, luck, body }: { url: URL; request: IncomingMessage; luck: Luck; body: string },
  ): Answer {
    const upstream = this.#upstream;
    const { headers } = request;
    if (route === "bulk") return upstream.bulk(body);
    if (route === "events") return upstream.page({ source: "events", query: url.searchParams, headers, ...luck });
    const away = upstream.stream.whileAway(upstream.switches);
    if (away !== undefined) return away;
    const urls = { own: `http://127.0.0.1:${this.port}`, foreign: this.#foreignUrl };
    if (route === "access") return upstream.stream.grant(headers, upstream.switches, urls);
    const refused = upstream.stream.check(headers, upstream.switches);
    if (refused !== undefined) return refused;
    upstream.stream.countPage(upstream.switches);
    return upstream.page({ source: "stream", query: url.searchParams, headers, ...luck });
  }

  async #wait(begun: number, chance: number): Promise<void> {
    const { latencyMs, latencyJitterMs } = this.#upstream.switches;
    const left = latencyMs + (latencyJitterMs * chance) / 2 ** 32 - (performance.now() - begun);
    // A timer of 0 ms takes 1 ms.
    if (left > 0) await delay(left);
  }

  #countPage(places: string, response: ServerResponse): void {
    response.on("finish", () => {
      this.#tally.page(places);
      this.#upstream.countPage();
    });
  }

  async #control(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    try {
      if (path === `${CONTROL}set`) this.#upstream.set(JSON.parse(body));
      response.end(JSON.stringify(this.#tally.counts(this.#upstream.arrived)));
    } catch (error) {
      response.writeHead(400).end(String(error));
    }
  }

  /** Another host: who comes here has followed an address that it should not have followed. */
  #trap(request: IncomingMessage, response: ServerResponse): void {
    const { key, tokenHeader } = this.#upstream.switches;
    const cookie = request.headers.cookie ?? "";
    const isSecret = request.headers["x-api-key"] !== undefined || tokenHeader.toLowerCase() in request.headers;
    this.#tally.foreign(isSecret || cookie.includes(key));
    response.end('{"data":[],"hasMore":false,"nextCursor":null}');
  }
}

async function listening(server: Server, port: number): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

import { type Answer, refusalOf } from "./answer";
import { type FeedClient, NoAnswer } from "./client";
import { field, jsonOf, numberIn, textIn } from "./json-fields";

/** How to ask for pages of the stream. */
interface StreamDoor {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface AccessRequest {
  readonly path: string;
  /** As a browser's dashboard sends them, the key among them. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A token is given up before it expires: the request that carries it takes its time. */
const USED_SHARE = 0.8;
/** What a token is good for where nobody says. */
const USUAL_LIFE_S = 60;
const HEADER_NAME = /^[A-Za-z][A-Za-z0-9-]{0,63}$/;
/** Headers that decide where a request goes or how it is read are not the upstream's to name. */
const RESERVED =
  /^(host|connection|content-.*|transfer-encoding|cookie|origin|referer|user-agent|upgrade|te|trailer)$/i;
const TOKEN = /^[\x21-\x7e]{1,4096}$/;

/** The permission to use the stream: a token that is asked for once, kept, and renewed when it expires. */
export class StreamAccess {
  #door: StreamDoor | undefined;
  #expiresAt = 0;
  #opening: Promise<StreamDoor | Answer> | undefined;

  constructor(
    private readonly client: FeedClient,
    private readonly request: AccessRequest,
  ) {}

  /** The next request asks for a new token. */
  renew(): void {
    this.#door = undefined;
  }

  /** Several workers that come together share one request. @returns the way in, or why there is none */
  async open(signal: AbortSignal): Promise<StreamDoor | Answer> {
    if (this.#door !== undefined && Date.now() < this.#expiresAt) return this.#door;
    this.#opening ??= this.#open(signal).finally(() => {
      this.#opening = undefined;
    });
    return await this.#opening;
  }

  async #open(signal: AbortSignal): Promise<StreamDoor | Answer> {
    try {
      const raw = await this.client.ask({ method: "POST", ...this.request }, signal);
      if (raw.status === 200 || raw.status === 201) return this.#read(raw.body);
      const passes = raw.status === 429 || raw.status >= 500;
      return { kind: passes ? "failed" : "closed", why: `stream access: ${refusalOf(raw)}` };
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      return { kind: "failed", why: `stream access: ${error.message}` };
    }
  }

  #read(body: string): StreamDoor | Answer {
    const access = field(jsonOf(body), "streamAccess");
    const [endpoint, token] = [textIn(access, "endpoint"), textIn(access, "token")];
    const header = textIn(access, "tokenHeader") ?? "X-Stream-Token";
    if (endpoint === undefined || token === undefined)
      return { kind: "failed", why: "stream access: no endpoint or token" };
    const url = URL.canParse(endpoint, this.client.origin) ? new URL(endpoint, this.client.origin) : undefined;
    if (url?.origin !== this.client.origin) {
      return { kind: "closed", why: `stream access: the endpoint is at ${url?.host ?? "no URL"}, another host` };
    }
    if (!HEADER_NAME.test(header) || RESERVED.test(header) || !TOKEN.test(token)) {
      return { kind: "closed", why: "stream access: a token or a header's name that cannot be one" };
    }
    const lifeS = numberIn(access, "expiresIn") ?? USUAL_LIFE_S;
    this.#expiresAt = Date.now() + lifeS * 1_000 * USED_SHARE;
    this.#door = { path: `${url.pathname}${url.search}`, headers: { ...this.request.headers, [header]: token } };
    return this.#door;
  }
}

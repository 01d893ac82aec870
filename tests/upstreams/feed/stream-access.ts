import type { IncomingHttpHeaders } from "node:http";
import { type Answer, refusal } from "./answer";
import { mixed } from "./event-id";
import type { Switches } from "./switches";

export const STREAM_PATH = "/internal/dashboard/stream";

type DashboardHeader = Switches["requiredHeaders"][number];

/** What each required header of a dashboard's request has to be like. */
const EXPECTED: Readonly<Record<Exclude<DashboardHeader, "cookie">, RegExp>> = {
  "user-agent": /^Mozilla\/5\.0 /,
  origin: /^https?:\/\//,
  referer: /^https?:\/\//,
  "x-requested-with": /^XMLHttpRequest$/,
  "x-dashboard-session": /^true$/,
  "sec-fetch-site": /^same-origin$/,
};

/** Whether the stream is there, and for whom. */
export class StreamAccess {
  /** Tokens of another process of the upstream are unknown. */
  #owner = mixed(Date.now());
  #state: Switches["stream"] = "available";
  #refusalsLeft = 0;
  #pages = 0;

  /** Takes over the switch. */
  enter({ stream, streamDownRequests }: Switches): void {
    if (stream === this.#state) return;
    this.#state = stream;
    this.#pages = 0;
    this.#refusalsLeft = stream === "recovering" ? streamDownRequests : 0;
  }

  /** @returns the refusal while the stream is away; it counts this request */
  whileAway(switches: Switches): Answer | undefined {
    const isAway = this.#state === "unavailable" || this.#refusalsLeft > 0;
    if (this.#refusalsLeft > 0) this.#refusalsLeft -= 1;
    return isAway ? refusal(503, "STREAM_UNAVAILABLE", switches) : undefined;
  }

  /** Counts a page of the stream. */
  countPage({ streamUpRequests, streamDownRequests }: Switches): void {
    this.#pages += 1;
    if (this.#state === "flapping" && this.#pages % streamUpRequests === 0) this.#refusalsLeft = streamDownRequests;
  }

  /** From now on no token of before is known. */
  forget(): void {
    this.#owner = mixed(this.#owner + 1);
  }

  /** Answers a request for access. @param urls of this upstream and of the other host, without a slash at their ends */
  grant(headers: IncomingHttpHeaders, switches: Switches, urls: { own: string; foreign: string }): Answer {
    if (!switches.requiredHeaders.every((name) => isAsExpected(headers, name, switches.key))) {
      return refusal(403, "DASHBOARD_REQUIRED", switches);
    }
    const hosts = { path: "", url: urls.own, foreign: urls.foreign };
    const given = Date.now();
    const streamAccess = {
      endpoint: `${hosts[switches.endpoint]}${STREAM_PATH}`,
      token: `${given.toString(36)}.${this.#signature(given)}`,
      tokenHeader: switches.tokenHeader,
      expiresIn: Math.ceil(switches.tokenTtlMs / 1000),
    };
    return { status: 200, body: JSON.stringify({ streamAccess }) };
  }

  /** @returns the refusal of a token that is not one, or is too old */
  check(headers: IncomingHttpHeaders, switches: Switches): Answer | undefined {
    const [given = "", signature] = String(headers[switches.tokenHeader.toLowerCase()] ?? "").split(".");
    const at = Number.parseInt(given, 36);
    const isGood = signature === this.#signature(at) && Date.now() - at <= switches.tokenTtlMs;
    return isGood ? undefined : refusal(switches.tokenRefusal, "INVALID_STREAM_TOKEN", switches);
  }

  #signature(given: number): string {
    return mixed((given % 2 ** 32) ^ this.#owner).toString(36);
  }
}

function isAsExpected(headers: IncomingHttpHeaders, name: DashboardHeader, key: string): boolean {
  const value = String(headers[name] ?? "");
  if (name !== "cookie") return EXPECTED[name].test(value);
  return value.split(/; */).some((pair) => decodeURIComponent(pair) === `dashboard_api_key=${key}`);
}

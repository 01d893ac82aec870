import { type Answer, refusal } from "./answer";
import type { RateLimit, Switches } from "./switches";

/** What a request found at the limit. */
export interface Admission {
  readonly isGranted: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Ms since 1970 at which there is room again. */
  readonly resetsAt: number;
  /** When the window began, ms since 1970. */
  readonly window: number;
}

/** Counts the requests of one path. */
export class RateLimiter {
  #window = 0;
  #used = 0;
  /** Times of granted requests, for a sliding window. */
  #granted: number[] = [];

  admit(limit: RateLimit, now = Date.now()): Admission {
    return limit.window === "sliding" ? this.#slide(limit, now) : this.#count(limit, now);
  }

  #count({ requests, windowMs, window }: RateLimit, now: number): Admission {
    if (now >= this.#window + windowMs) {
      this.#window = window === "aligned" ? now - (now % windowMs) : now;
      this.#used = 0;
    }
    const isGranted = this.#used < requests;
    if (isGranted) this.#used += 1;
    const remaining = requests - this.#used;
    return { isGranted, limit: requests, remaining, resetsAt: this.#window + windowMs, window: this.#window };
  }

  #slide({ requests, windowMs }: RateLimit, now: number): Admission {
    this.#granted = this.#granted.filter((time) => time > now - windowMs);
    const isGranted = this.#granted.length < requests;
    if (isGranted) this.#granted.push(now);
    const [oldest = now] = this.#granted;
    const remaining = requests - this.#granted.length;
    return { isGranted, limit: requests, remaining, resetsAt: oldest + windowMs, window: now - (now % windowMs) };
  }
}

/** `X-RateLimit-*` as the upstream writes them, if it does. */
export function rateHeaders(admission: Admission, switches: Switches): Record<string, string> {
  if (switches.rateHeaders === "none") return {};
  return {
    "X-RateLimit-Limit": String(admission.limit),
    "X-RateLimit-Remaining": String(admission.remaining),
    "X-RateLimit-Reset": String(resetOf(admission, switches)),
  };
}

/** The 429. */
export function rateRefusal(admission: Admission, switches: Switches): Answer {
  const headers = rateHeaders(admission, switches);
  const seconds = Math.ceil((admission.resetsAt - Date.now()) / 1000);
  if (switches.retryAfter === "seconds") headers["Retry-After"] = String(seconds);
  // Such a date has whole seconds: the first that is late enough.
  if (switches.retryAfter === "date")
    headers["Retry-After"] = new Date(Date.now() + seconds * 1000 + 999).toUTCString();
  const told = refusal(429, "RATE_LIMITED", switches);
  const body: Record<string, unknown> = JSON.parse(told.body);
  if (switches.rateBody === "retryAfter") body["retryAfter"] = seconds;
  if (switches.rateBody === "rateLimit.reset") {
    body["rateLimit"] = { limit: admission.limit, remaining: 0, reset: resetOf(admission, switches) };
  }
  return { ...told, headers, body: JSON.stringify(body) };
}

/** Rounded up: whoever waits as long as told is let through. */
function resetOf({ resetsAt }: Admission, { rateHeaders: unit }: Switches): number {
  if (unit === "epoch-ms") return resetsAt;
  if (unit === "seconds-left") return Math.max(0, Math.ceil((resetsAt - Date.now()) / 1000));
  return Math.ceil(resetsAt / 1000);
}

import { field, jsonOf, numberIn, textIn } from "./json-fields";

/** What an answer says of the rate limit; what it does not say is undefined, not zero. Moments are ms since 1970 here. */
export interface RateNews {
  readonly limit: number | undefined;
  readonly remaining: number | undefined;
  /** The moment at which the window is over for certain. */
  readonly resetAt: number | undefined;
}

/** Header fields by their names in lower case. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** How the upstream's moments are read. */
export interface Clock {
  readonly now: number;
  /** What a moment in whole seconds may be too early by, in ms: it may have been rounded down. */
  readonly marginMs: number;
}

const SECOND_MS = 1_000;
/** Seconds since 1970 are above this since 2001; seconds that are left are below it. */
const FIRST_EPOCH_S = 1e9;
/** Ms since 1970 are above this since 1973, seconds will be in the year 5138. */
const FIRST_EPOCH_MS = 1e11;
/** Nobody has to wait an hour for the next window, so a larger number of "seconds" is ms. */
const MOST_RETRY_S = 3_600;
/** Clocks that differ by less are right: the header Date has whole seconds and travels. */
const LEAST_SKEW_MS = 2_000;

/** Reads `X-RateLimit-Limit`, `-Remaining` and `-Reset`, also without `X-`. */
export function rateNewsOf(headers: Headers, clock: Clock): RateNews {
  const header = (name: string) => textOf(headers[`x-ratelimit-${name}`]) ?? textOf(headers[`ratelimit-${name}`]);
  const reset = header("reset");
  return {
    limit: countOf(header("limit")),
    remaining: countOf(header("remaining")),
    resetAt: reset === undefined ? undefined : resetOf(reset, onTheirClock(clock, headers)),
  };
}

/**
 * When an answer with status 429 says that the next request may be sent: by `Retry-After` or its body, whichever is later,
 * else by the window's reset.
 * @returns ms since 1970; undefined where it does not say
 */
export function retryAtOf(headers: Headers, body: string, clock: Clock): number | undefined {
  const json = jsonOf(body);
  const limits = field(json, "rateLimit") ?? field(json, "rate_limit");
  const theirs = onTheirClock(clock, headers);
  const reset = numberIn(limits, "reset") ?? textIn(limits, "reset");
  const moments = [
    retryMoment(textOf(headers["retry-after"]), theirs),
    retryMoment(retryIn(json) ?? retryIn(field(json, "error")), theirs),
    reset === undefined ? undefined : resetOf(String(reset), theirs),
  ].filter((moment) => moment !== undefined);
  return moments.length > 0 ? Math.max(...moments) : rateNewsOf(headers, clock).resetAt;
}

function retryIn(json: unknown): string | undefined {
  const found = numberIn(json, "retryAfter") ?? numberIn(json, "retry_after") ?? textIn(json, "retryAfter");
  return found === undefined ? undefined : String(found);
}

interface TheirClock extends Clock {
  /** What the upstream's clock is ahead of this one by, in ms. */
  readonly skewMs: number;
}

function onTheirClock(clock: Clock, headers: Headers): TheirClock {
  const date = Date.parse(textOf(headers["date"]) ?? "");
  const skewMs = Number.isNaN(date) ? 0 : date - clock.now;
  return { ...clock, skewMs: Math.abs(skewMs) < LEAST_SKEW_MS ? 0 : skewMs };
}

/** Seconds or ms since 1970, seconds that are left, or a date. */
function resetOf(text: string, { now, marginMs, skewMs }: TheirClock): number | undefined {
  const value = numberOf(text);
  if (value === undefined) return dateOf(text, { now, marginMs, skewMs });
  if (value >= FIRST_EPOCH_MS) return value - skewMs;
  const margin = Number.isInteger(value) ? marginMs : 0;
  return value >= FIRST_EPOCH_S ? value * SECOND_MS - skewMs + margin : now + value * SECOND_MS + margin;
}

/** A promise, unlike a reset: seconds count from now on, and nothing is added. */
function retryMoment(text: string | undefined, clock: TheirClock): number | undefined {
  const value = numberOf(text ?? "");
  if (text === undefined || value === undefined) return text === undefined ? undefined : dateOf(text, clock);
  if (value >= FIRST_EPOCH_S) return resetOf(text, clock);
  return clock.now + (value > MOST_RETRY_S ? value : value * SECOND_MS);
}

/** Dates have whole seconds. */
function dateOf(text: string, { marginMs, skewMs }: TheirClock): number | undefined {
  const moment = Date.parse(text);
  return Number.isNaN(moment) ? undefined : moment - skewMs + marginMs;
}

function numberOf(text: string): number | undefined {
  return /^\s*\d{1,16}(\.\d{1,9})?\s*$/.test(text) ? Number(text) : undefined;
}

function countOf(text: string | undefined): number | undefined {
  const number = numberOf(text ?? "");
  return number === undefined ? undefined : Math.floor(number);
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

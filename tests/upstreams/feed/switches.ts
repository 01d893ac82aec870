/** Names under which an event's id may stand. */
export const ID_FIELDS = ["id", "eventId", "event_id"] as const;
/** Names under which an event's time may stand. */
export const TIME_FIELDS = ["timestamp", "ts", "occurredAt", "occurred_at", "createdAt", "created_at", "time"] as const;
/** How a time may be written; numbers also stand as text in `mixed`. */
export const TIME_FORMATS = ["iso", "s", "ms", "us", "ns"] as const;
/** What a request of the dashboard may have to carry besides the key. */
export const DASHBOARD_HEADERS = [
  "user-agent",
  "origin",
  "referer",
  "x-requested-with",
  "x-dashboard-session",
  "sec-fetch-site",
  "cookie",
] as const;

/**
 * What goes wrong with single answers. On the wire: `error` is a burst of 500, 502, 503 and 504; `reset` ends the connection
 * before or within the body; `stall` never answers; `drip` sends the body over `dripMs`. With status 200: `truncated` JSON,
 * `null`, a page without `data` or without `hasMore`, a page with `hasMore: true` that has lost its `nextCursor`, an
 * `oversized` body. `redirect` is a 302 to another host, which is there and counts who comes.
 */
export const FAULTS = [
  "error",
  "reset",
  "stall",
  "drip",
  "truncated",
  "null",
  "no-data",
  "no-has-more",
  "lost-cursor",
  "oversized",
  "redirect",
] as const;
export type Fault = (typeof FAULTS)[number];

/** At most so many requests in a window: from the first request on, on whole multiples of it, or in any such span. */
export interface RateLimit {
  readonly requests: number;
  readonly windowMs: number;
  readonly window: "from-first" | "aligned" | "sliding";
}

/**
 * Everything that the simulated upstream can do. Shares are probabilities from 0 to 1, per event or per request; what
 * concerns an event follows from its number and the seed alone, so it is the same each time it is served.
 */
export interface Switches {
  /** Events that are there when the upstream starts. */
  readonly total: number;
  readonly seed: number;
  /** What `X-API-Key` has to be. */
  readonly key: string;

  /** Ms that an answer takes at least, and ms of chance on top. */
  readonly latencyMs: number;
  readonly latencyJitterMs: number;

  /** `{data, hasMore, nextCursor}`, or with `pagination` and `meta`; `mixed` changes from page to page. */
  readonly body: "flat" | "nested" | "mixed";
  /** Where the code of an error stands: `{error: CODE}`, `{code: CODE}` or `{error: {code: CODE}}`. */
  readonly errorBody: "error" | "code" | "nested";
  /** `nextCursor` of the last page. */
  readonly lastCursor: "null" | "absent";
  /** `empty`: the last events come with `hasMore: true`, and behind them is a page of none. */
  readonly lastPage: "full" | "empty";
  /** Events of a page at most, and what becomes of a higher `limit`. */
  readonly limitCap: number;
  readonly overCap: "capped" | "refused";
  /** `meta.total`: `high` and `low` are off by a tenth. */
  readonly metaTotal: "right" | "high" | "low" | "absent";

  /** Ms between two events, of which so many in a row share one time. */
  readonly stepMs: number;
  readonly sameTime: number;
  /** Events are mixed within blocks of so many; 0 or 1 is strictly newest first. */
  readonly disorder: number;
  readonly idField: (typeof ID_FIELDS)[number] | "mixed";
  readonly timeField: (typeof TIME_FIELDS)[number] | "mixed";
  readonly timeFormat: (typeof TIME_FORMATS)[number] | "mixed";
  /** Shares of events whose time has control or zero-width characters, is nonsense, is missing. */
  readonly dirtyTimes: number;
  readonly nonsenseTimes: number;
  readonly missingTimes: number;
  /** Shares of events that lack other fields, have NUL characters in a text, have keys such as `__proto__`. */
  readonly missingFields: number;
  readonly nulTexts: number;
  readonly prototypeKeys: number;
  /** Every so manyth entry of the list is no event of its own (0: none): an id again with other content, or no id at all. */
  readonly extraEvery: number;
  readonly extras: "repeats" | "nameless" | "mixed";
  /** Events that arrive in a second, from the start of the upstream on, and how many at most. */
  readonly arrivalsPerSecond: number;
  readonly arrivalsMost: number;

  /** Ms that a cursor lives. */
  readonly cursorTtlMs: number;
  readonly cursorsDieOnRestart: boolean;
  /** Cursors and tokens are forgotten after every so many pages, as by a restart (0: never). */
  readonly forgetEvery: number;
  /** A cursor names an event, or counts from the newest event, which moves when events arrive. */
  readonly cursorKind: "event" | "offset";
  /** Whether `/events` and the stream take each other's cursors. */
  readonly cursorsShared: boolean;
  /** Answer to a cursor that is too old or unknown; `by-cause`: 400 CURSOR_EXPIRED and 400 CURSOR_INVALID. */
  readonly staleCursor: "by-cause" | "expired" | "invalid" | "gone" | "bad-gateway" | "empty-page" | "mixed";

  /** Of `/events`, and of the stream; null is no limit. */
  readonly rateLimit: RateLimit | null;
  readonly streamRateLimit: RateLimit | null;
  /** `X-RateLimit-Reset` in these units; `none` sends no `X-RateLimit-*` at all. */
  readonly rateHeaders: "epoch-s" | "epoch-ms" | "seconds-left" | "none";
  readonly retryAfter: "seconds" | "date" | "absent";
  readonly rateBody: "retryAfter" | "rateLimit.reset" | "none";

  /** `recovering`: `streamDownRequests` refusals first. `flapping`: as many again after every `streamUpRequests` pages. */
  readonly stream: "available" | "unavailable" | "recovering" | "flapping";
  readonly streamDownRequests: number;
  readonly streamUpRequests: number;
  readonly requiredHeaders: readonly (typeof DASHBOARD_HEADERS)[number][];
  readonly tokenTtlMs: number;
  readonly tokenHeader: string;
  readonly tokenRefusal: 401 | 403;
  /** `streamAccess.endpoint` is a path, a URL, or a URL of another host, which is there and counts who comes. */
  readonly endpoint: "path" | "url" | "foreign";
  /** `since` and `until` of the stream. */
  readonly windows: "supported" | "ignored" | "refused";
  /** Whether an event at `until` is within; one at `since` is. */
  readonly untilInclusive: boolean;

  /** Share of requests for each fault. */
  readonly faults: Readonly<Partial<Record<Fault, number>>>;
  /** Requests in a burst of errors. */
  readonly errorBurst: number;
  readonly dripMs: number;
  readonly oversizedBytes: number;
  /** `lost-cursor` strikes the same pages each time, not requests by chance. */
  readonly cursorLossLasts: boolean;
  /** The number of an event (from 0, the oldest) whose pages are answered 500 for ever. */
  readonly deadEvent: number | null;
}

/** A well-behaved upstream as seen in the field: one answer after the other, and no limit. */
export const DEFAULTS: Switches = {
  total: 20_000,
  seed: 1,
  key: "feed-key-of-tests",
  latencyMs: 0,
  latencyJitterMs: 0,
  body: "nested",
  errorBody: "error",
  lastCursor: "null",
  lastPage: "full",
  limitCap: 5_000,
  overCap: "capped",
  metaTotal: "right",
  // 3,000,000 events are 8.7 days.
  stepMs: 250,
  sameTime: 1,
  disorder: 0,
  idField: "id",
  timeField: "timestamp",
  timeFormat: "iso",
  dirtyTimes: 0,
  nonsenseTimes: 0,
  missingTimes: 0,
  missingFields: 0,
  nulTexts: 0,
  prototypeKeys: 0,
  extraEvery: 0,
  extras: "repeats",
  arrivalsPerSecond: 0,
  arrivalsMost: 100_000,
  cursorTtlMs: 120_000,
  cursorsDieOnRestart: true,
  forgetEvery: 0,
  cursorKind: "event",
  cursorsShared: true,
  staleCursor: "by-cause",
  rateLimit: null,
  streamRateLimit: null,
  rateHeaders: "epoch-s",
  retryAfter: "seconds",
  rateBody: "retryAfter",
  stream: "available",
  streamDownRequests: 3,
  streamUpRequests: 10,
  requiredHeaders: DASHBOARD_HEADERS,
  tokenTtlMs: 300_000,
  tokenHeader: "X-Stream-Token",
  tokenRefusal: 401,
  endpoint: "path",
  windows: "supported",
  untilInclusive: false,
  faults: {},
  errorBurst: 3,
  dripMs: 5_000,
  oversizedBytes: 256 * 2 ** 20,
  cursorLossLasts: false,
  deadEvent: null,
};

/** Fills in the defaults. @throws Error naming a switch that does not exist */
export function switchesOf(given: Partial<Switches>, base: Switches = DEFAULTS): Switches {
  const unknown = Object.keys(given).filter((name) => !(name in DEFAULTS));
  if (unknown.length > 0) throw new Error(`the simulated feed has no switch named ${unknown.join(", ")}`);
  return { ...base, ...given };
}

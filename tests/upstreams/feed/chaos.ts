import { randomNumbers } from "../../support/random";
import { DASHBOARD_HEADERS, DEFAULTS, FAULTS, type RateLimit, type Switches } from "./switches";

/** A mixture of switches, and those of them with which no pull can get everything. */
export interface Chaos {
  readonly switches: Partial<Switches>;
  readonly unrecoverable: readonly (keyof Switches)[];
}

/** Of the mixtures one in so many has an event that is never to be had. */
const DEAD_ONE_IN = 40;
/** Pages that a pull may need more than its events fill, by faults and by switches between the two ways. */
const SPARE_PAGES = 30;

/**
 * Draws a mixture. The same seed and sizes have the same one. All but the `unrecoverable` ones leave a way to every event: where
 * cursors die before a pull from the start can end, `since` and `until` of the stream work.
 * @param sizes events of the upstream, and events that a client asks for with a request
 */
export function chaosOf(seed: number, { total, batch }: { readonly total: number; readonly batch: number }): Chaos {
  const draw = new Draw(seed);
  const way = wayOf(draw);
  const limitCap = draw.of([500, 1_000, 5_000]);
  const pages = Math.ceil(total / Math.min(limitCap, batch)) + SPARE_PAGES;
  const hasWindows = way.windows === "supported" && way.stream !== "unavailable" && way.endpoint !== "foreign";
  const isDead = draw.chance(1 / DEAD_ONE_IN);
  return {
    switches: {
      total,
      seed,
      limitCap,
      ...way,
      ...bodiesOf(draw),
      ...eventsOf(draw, total),
      ...cursorsOf(draw, { hasWindows, pages }),
      ...limitsOf(draw, pages),
      ...faultsOf(draw, hasWindows),
      deadEvent: isDead ? draw.whole(0, total - 1) : null,
    },
    unrecoverable: isDead ? ["deadEvent"] : [],
  };
}

class Draw {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomNumbers(seed);
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  whole(from: number, to: number): number {
    return from + Math.floor(this.#random() * (to - from + 1));
  }

  of<const Value>(values: readonly Value[]): Value {
    return values[this.whole(0, values.length - 1)] as Value;
  }

  /** Mostly 0, else up to `most`. */
  share(most: number): number {
    return this.of([0, 0, this.#random() * most]);
  }
}

function wayOf(draw: Draw) {
  return {
    stream: draw.of(["available", "available", "unavailable", "recovering", "flapping"]),
    streamDownRequests: draw.whole(1, 5),
    streamUpRequests: draw.whole(2, 12),
    requiredHeaders: DASHBOARD_HEADERS.filter(() => draw.chance(0.5)),
    tokenTtlMs: draw.of([300, 2_000, 300_000]),
    tokenHeader: draw.of(["X-Stream-Token", "Authorization", "x-access"]),
    tokenRefusal: draw.of([401, 403]),
    endpoint: draw.of(["path", "path", "url", "foreign"]),
    windows: draw.of(["supported", "supported", "ignored", "refused"]),
    untilInclusive: draw.chance(0.5),
    latencyMs: draw.of([0, 0, 5]),
    latencyJitterMs: draw.of([0, 5]),
  } as const;
}

function bodiesOf(draw: Draw) {
  return {
    body: draw.of(["flat", "nested", "mixed"]),
    errorBody: draw.of(["error", "code", "nested"]),
    lastCursor: draw.of(["null", "absent"]),
    overCap: draw.of(["capped", "refused"]),
    metaTotal: draw.of(["right", "right", "high", "low", "absent"]),
  } as const;
}

function eventsOf(draw: Draw, total: number) {
  return {
    sameTime: draw.of([1, 1, 3, 50]),
    // 64 events are 16 s: a client's overlap has to be longer.
    disorder: draw.of([0, 2, 7, 64]),
    idField: draw.of(["id", "eventId", "event_id", "mixed"]),
    timeField: draw.of(["timestamp", "ts", "occurredAt", "mixed", "mixed"]),
    timeFormat: draw.of(["iso", "s", "ms", "us", "ns", "mixed"]),
    dirtyTimes: draw.share(0.2),
    nonsenseTimes: draw.share(0.1),
    missingTimes: draw.share(0.1),
    missingFields: draw.share(0.2),
    nulTexts: draw.share(0.05),
    prototypeKeys: draw.share(0.05),
    extraEvery: draw.of([0, 0, 3, 50]),
    extras: draw.of(["repeats", "nameless", "mixed"]),
    arrivalsPerSecond: draw.of([0, 0, 100, 1_000]),
    arrivalsMost: Math.floor(total / 4),
  } as const;
}

function cursorsOf(draw: Draw, { hasWindows, pages }: { hasWindows: boolean; pages: number }) {
  const staleCursor = draw.of(["by-cause", "expired", "invalid", "gone", "bad-gateway", "empty-page", "mixed"]);
  const canLookLikeTheEnd = staleCursor === "empty-page" || staleCursor === "mixed";
  return {
    cursorTtlMs: hasWindows ? draw.of([500, 3_000, 120_000]) : DEFAULTS.cursorTtlMs,
    cursorsDieOnRestart: draw.chance(0.8),
    forgetEvery: draw.of([0, hasWindows ? draw.whole(5, 20) : 3 * pages]),
    cursorKind: draw.of(["event", "event", "offset"]),
    cursorsShared: draw.chance(0.5),
    staleCursor,
    // Both together cannot be told apart by a count that may be wrong.
    lastPage: canLookLikeTheEnd ? "full" : draw.of(["full", "empty"]),
  } as const;
}

function limitsOf(draw: Draw, pages: number) {
  // Told in whole seconds, so a window is at least one. A pull takes some five of them.
  const limit = (): RateLimit => ({
    requests: Math.max(10, Math.ceil(pages / draw.whole(2, 5))),
    windowMs: draw.of([1_000, 2_000]),
    window: draw.of(["from-first", "aligned", "sliding"]),
  });
  return {
    rateLimit: draw.chance(0.5) ? limit() : null,
    streamRateLimit: draw.chance(0.3) ? limit() : null,
    rateHeaders: draw.of(["epoch-s", "epoch-ms", "seconds-left", "none"]),
    retryAfter: draw.of(["seconds", "date", "absent"]),
    rateBody: draw.of(["retryAfter", "rateLimit.reset", "none"]),
  } as const;
}

function faultsOf(draw: Draw, hasWindows: boolean) {
  const chosen = FAULTS.filter(() => draw.chance(0.25));
  return {
    // A quarter of all requests at most: the mixture is to be borne, not to last.
    faults: Object.fromEntries(chosen.map((fault) => [fault, draw.whole(5, 60) / 1_000])),
    errorBurst: draw.whole(1, 5),
    dripMs: draw.of([100, 400]),
    oversizedBytes: 128 * 2 ** 20,
    cursorLossLasts: hasWindows && draw.chance(0.3),
  };
}

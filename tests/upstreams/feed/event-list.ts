import { mixed } from "./event-id";
import type { Switches } from "./switches";

/** Time of the oldest event. */
export const FIRST_MS = Date.UTC(2025, 0, 1);

/** What stands at a place of the list. */
export interface Entry {
  /** The event whose id it has. */
  readonly number: number;
  /** The event whose time it has. */
  readonly timeOf: number;
  readonly kind: "event" | "repeat" | "nameless";
}

/** Numbers of events: `from` is within, `to` is not. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export const EVERYTHING: Span = { from: 0, to: Number.MAX_SAFE_INTEGER };

type Order = Pick<
  Switches,
  "total" | "seed" | "disorder" | "extraEvery" | "extras" | "stepMs" | "sameTime" | "untilInclusive"
>;

/**
 * The list that the upstream pages through, from its highest place, the newest, down to place 0. Nothing is stored: what stands at a
 * place follows from the place, also when events have arrived above it.
 */
export class EventList {
  readonly #order: Order;
  /** An odd step that has no divisor in common with the block's size visits each event of a block once. */
  readonly #stride: number;
  readonly #salt: number;

  constructor(order: Order) {
    this.#order = order;
    this.#stride = coprime(order.disorder);
    this.#salt = mixed(order.seed ^ 0x0bde);
  }

  /** Places that the oldest so many events take; also the place above them. */
  placesOf(events: number): number {
    const { extraEvery } = this.#order;
    return extraEvery < 2 ? events : events + Math.floor(events / (extraEvery - 1));
  }

  /** What stands at a place: every so manyth is an extra entry, which has the time of the event before it. */
  entryAt(place: number): Entry {
    const { extraEvery, extras } = this.#order;
    if (extraEvery < 2) return this.#event(place);
    const group = Math.floor(place / extraEvery);
    if (place % extraEvery !== extraEvery - 1) return this.#event(place - group);
    const before = group * (extraEvery - 1) + extraEvery - 2;
    const chance = mixed(group ^ this.#salt);
    const isNameless = extras === "nameless" || (extras === "mixed" && chance % 2 === 1);
    const timeOf = this.#ordered(before);
    return { number: (chance >>> 1) % (before + 1), timeOf, kind: isNameless ? "nameless" : "repeat" };
  }

  /** Ms since 1970 at which an event happened. */
  timeOf(number: number): number {
    const { sameTime, stepMs } = this.#order;
    return FIRST_MS + (number - (number % sameTime)) * stepMs;
  }

  /** The events from one moment to another, both in ms since 1970 and both open where they are undefined. */
  spanOf(since: number | undefined, until: number | undefined): Span {
    const from = since === undefined ? EVERYTHING.from : this.#firstAt(since);
    const to = until === undefined ? EVERYTHING.to : this.#firstAt(until + (this.#order.untilInclusive ? 1 : 0));
    return { from, to: Math.max(from, to) };
  }

  /** The place above which no event of a span stands, of so many events, and the place below which none does. */
  boundsOf({ from, to }: Span, events: number): { readonly top: number; readonly bottom: number } {
    const block = Math.max(1, this.#order.disorder);
    const above = Math.min(events, Math.ceil(to / block) * block);
    return { top: this.placesOf(above) - 1, bottom: this.placesOf(Math.floor(from / block) * block) };
  }

  #event(position: number): Entry {
    const number = this.#ordered(position);
    return { number, timeOf: number, kind: "event" };
  }

  /** The event at a position among events alone. Only whole blocks of what was there at the start are mixed. */
  #ordered(position: number): number {
    const { disorder, total } = this.#order;
    const within = position % disorder;
    const first = position - within;
    if (disorder < 2 || first + disorder > total) return position;
    return first + ((within * this.#stride + (mixed(first ^ this.#salt) % disorder)) % disorder);
  }

  /** The first event at a moment or later. */
  #firstAt(ms: number): number {
    const { sameTime, stepMs } = this.#order;
    return Math.max(0, Math.ceil((ms - FIRST_MS) / (stepMs * sameTime)) * sameTime);
  }
}

/** The number next to 0.618 of a size that shares no divisor with it: neighbours end up far from each other. */
function coprime(size: number): number {
  let stride = Math.max(1, Math.round(size * 0.618));
  while (divisor(stride, size) > 1) stride += 1;
  return stride;
}

function divisor(one: number, other: number): number {
  return other === 0 ? one : divisor(other, one % other);
}

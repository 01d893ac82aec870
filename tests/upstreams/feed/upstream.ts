import type { IncomingHttpHeaders } from "node:http";
import { type Answer, refusal } from "./answer";
import { giveBack, lentText } from "./byte-text";
import { Cursors, type Source, staleAnswer } from "./cursor";
import { EventIds } from "./event-id";
import { EVERYTHING, EventList, type Span } from "./event-list";
import { EventTexts } from "./event-text";
import { emptyPage, type Library, pageOf } from "./page";
import { StreamAccess } from "./stream-access";
import { type Fault, type Switches, switchesOf } from "./switches";

/** Where a page's limit is not given. */
const USUAL_LIMIT = 100;

/** A request for a page after its key, its rate limit and its luck were decided. */
export interface Asked {
  readonly source: Source;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly fault: Fault | undefined;
  readonly chance: number;
}

/** The events of the upstream and what it knows about those who ask for them. */
export class Upstream {
  switches: Switches;
  readonly stream = new StreamAccess();
  readonly #cursors = new Cursors();
  #pages = 0;
  #ids: EventIds;
  #list: EventList;
  #texts: EventTexts;
  /** Events that had arrived at a moment. */
  #arrivals: { readonly count: number; readonly at: number };

  constructor(switches: Switches, arrivals: { readonly count: number; readonly at: number }) {
    this.switches = switches;
    this.#arrivals = arrivals;
    this.#ids = new EventIds(switches);
    this.#list = new EventList(switches);
    this.#texts = new EventTexts(switches, { ids: this.#ids, list: this.#list });
    this.stream.enter(switches);
  }

  /** Events that have arrived until now. */
  get arrived(): number {
    const { arrivalsPerSecond, arrivalsMost } = this.switches;
    const since = Math.floor(((Date.now() - this.#arrivals.at) / 1000) * arrivalsPerSecond);
    return Math.max(this.#arrivals.count, Math.min(arrivalsMost, this.#arrivals.count + since));
  }

  /** @throws Error naming a switch that does not exist or stays as it is */
  set(given: Partial<Switches>): void {
    const fixed = (["total", "seed", "key"] as const).filter((name) => name in given);
    if (fixed.length > 0) throw new Error(`${fixed.join(", ")} cannot be changed while the upstream runs`);
    const switches = switchesOf(given, this.switches);
    this.#arrivals = { count: this.arrived, at: Date.now() };
    this.switches = switches;
    this.#list = new EventList(switches);
    this.#texts = new EventTexts(switches, { ids: this.#ids, list: this.#list });
    this.stream.enter(switches);
  }

  /** A page of `/events` or of the stream, or why there is none. */
  page(asked: Asked): Answer {
    const { source, query } = asked;
    const limit = this.#limitOf(query);
    if (typeof limit !== "number") return limit;
    const span = source === "stream" ? this.#spanOf(query) : EVERYTHING;
    if ("status" in span) return span;
    const cursor = query.get("cursor");
    if (cursor === null) return pageOf(this.#library(), { ...asked, limit, span, position: undefined });
    const position = this.#cursors.read(cursor, source, this.switches);
    if (typeof position === "string") {
      return staleAnswer(position, cursor, this.switches) ?? emptyPage(this.switches);
    }
    return pageOf(this.#library(), { ...asked, limit, span, position });
  }

  /** Counts a page that was sent whole. */
  countPage(): void {
    this.#pages += 1;
    const { forgetEvery } = this.switches;
    if (forgetEvery === 0 || this.#pages % forgetEvery > 0) return;
    this.#cursors.forget();
    this.stream.forget();
  }

  /** Single events with details: `{data, missing}`. */
  bulk(body: string): Answer {
    const ids = idsOf(body);
    if (ids === undefined) return refusal(400, "IDS_REQUIRED", this.switches);
    if (ids.length > this.switches.limitCap) return refusal(400, "TOO_MANY_IDS", this.switches);
    const there = this.#library().events;
    const found = ids.map((id) => ({ id, number: this.#ids.numberOf(id) ?? there }));
    const data = found.flatMap(({ number }) => (number < there ? [this.#detailsOf(number)] : []));
    const missing = found.filter(({ number }) => number >= there).map(({ id }) => id);
    return { status: 200, body: `{"data":[${data.join(",")}],"missing":${JSON.stringify(missing)}}` };
  }

  /** The whole event with what lists leave out. */
  #detailsOf(number: number): string {
    const text = lentText();
    this.#texts.write({ number, timeOf: number, kind: "event" }, number, text);
    const event = text.whole().toString();
    giveBack(text);
    return `${event.slice(0, -1)},"details":{"number":${number}}}`;
  }

  #library(): Library {
    const events = this.switches.total + this.arrived;
    return { switches: this.switches, list: this.#list, texts: this.#texts, cursors: this.#cursors, events };
  }

  #limitOf(query: URLSearchParams): number | Answer {
    const { limitCap, overCap } = this.switches;
    const limit = Number(query.get("limit") ?? USUAL_LIMIT);
    if (!Number.isInteger(limit) || limit < 1) return refusal(400, "INVALID_LIMIT", this.switches);
    if (limit > limitCap && overCap === "refused") return refusal(400, "LIMIT_TOO_HIGH", this.switches);
    return Math.min(limit, limitCap);
  }

  #spanOf(query: URLSearchParams): Span | Answer {
    const [since, until] = [query.get("since"), query.get("until")];
    const { windows } = this.switches;
    if (windows === "ignored" || (since === null && until === null)) return EVERYTHING;
    const moments = [since, until].map((text) => (text === null ? undefined : Number(text)));
    if (windows === "refused" || moments.some((moment) => moment !== undefined && !Number.isInteger(moment))) {
      return refusal(400, "INVALID_PARAMETER", this.switches);
    }
    return this.#list.spanOf(moments[0], moments[1]);
  }
}

function idsOf(body: string): string[] | undefined {
  try {
    const { ids } = JSON.parse(body) as { ids?: unknown };
    return Array.isArray(ids) && ids.every((id) => typeof id === "string") ? ids : undefined;
  } catch {
    return undefined; // no JSON, or null
  }
}

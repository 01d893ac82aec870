import type { ByteText } from "./byte-text";
import { type EventIds, mixed } from "./event-id";
import type { Entry, EventList } from "./event-list";
import { EventTimes } from "./event-time";
import { ID_FIELDS, type Switches } from "./switches";

const TYPES = ["page_view", "click", "api_call", "form_submit", "error", "purchase", "scroll", "video_play"];
const DEVICES = ["desktop", "mobile", "tablet"];
const BROWSERS = ["Chrome", "Firefox", "Safari", "Edge"];
/** What stands in the list where an event should. */
const NAMELESS = [
  "null",
  "17",
  '"event"',
  "[]",
  "{}",
  '{"type":"click"}',
  '{"id":null,"type":"click"}',
  '{"id":"","ts":1}',
];
/** Keys that a careless client would set on a prototype. */
const PROTOTYPE_KEYS = '"__proto__":{"polluted":true,"id":"polluted"},"constructor":{"prototype":{"polluted":true}},';
const ID_END = Buffer.from('",');
const NUL_TEXTS = '"name":"before\\u0000after","\\u0000":"\\u0000",';
/** Contents of events: more would only take memory (1 MB). */
const CONTENTS = 4_096;

/** Writes events as JSON. What an event holds follows from its number and the seed: its id, its time, and one of 4,096 contents. */
export class EventTexts {
  readonly #ids: EventIds;
  readonly #list: EventList;
  readonly #times: EventTimes;
  readonly #salt: number;
  readonly #heads: readonly Buffer[];
  readonly #contents: readonly Buffer[];

  constructor(switches: Switches, { ids, list }: { readonly ids: EventIds; readonly list: EventList }) {
    this.#ids = ids;
    this.#list = list;
    this.#times = new EventTimes(switches);
    this.#salt = mixed(switches.seed ^ 0x7e57);
    const names = switches.idField === "mixed" ? ID_FIELDS : [switches.idField];
    this.#heads = names.map((name) => Buffer.from(`{"${name}":"`));
    this.#contents = Array.from({ length: CONTENTS }, (_, index) => Buffer.from(contentOf(mixed(index), switches)));
  }

  /** @param place decides about the content of a repeat, which is another than the event's own */
  write({ number, timeOf, kind }: Entry, place: number, text: ByteText): void {
    if (kind === "nameless") {
      text.add(NAMELESS[place % NAMELESS.length] ?? "null");
      return;
    }
    const chance = mixed((kind === "event" ? number : place + 0x40000000) ^ this.#salt);
    text.copy(this.#heads[chance % this.#heads.length] ?? Buffer.of());
    text.length = this.#ids.write(number, text.bytes, text.length);
    text.copy(ID_END);
    this.#times.write(this.#list.timeOf(timeOf), chance, text);
    text.copy(this.#contents[(chance >>> 20) % CONTENTS] ?? Buffer.of());
  }
}

/** All fields but id and time, with the bracket behind them. */
function contentOf(chance: number, { missingFields, nulTexts, prototypeKeys }: Switches): string {
  const keys = share(chance, 1) < prototypeKeys ? PROTOTYPE_KEYS : "";
  const nul = share(chance, 2) < nulTexts ? NUL_TEXTS : "";
  const type = `${keys}${nul}"type":"${TYPES[chance & 7]}"`;
  if (share(chance, 3) < missingFields) return chance % 2 === 0 ? `${type}}` : `${type},"userId":17,"properties":null}`;
  const device = DEVICES[(chance >>> 5) % DEVICES.length];
  const browser = BROWSERS[(chance >>> 9) % BROWSERS.length];
  return `${type},"userId":"user-${chance % 100_000}","sessionId":"s-${chance}","properties":{"page":"/page/${
    chance & 1023
  }","value":${chance & 4095}},"session":{"deviceType":"${device}","browser":"${browser}"}}`;
}

/** A number from 0 to 1 for one of several decisions on the same chance. */
function share(chance: number, decision: number): number {
  return mixed(chance ^ (decision * 0x9e3779b9)) / 2 ** 32;
}

import type { ByteText } from "./byte-text";
import { mixed } from "./event-id";
import { type Switches, TIME_FIELDS, TIME_FORMATS } from "./switches";

type TimeSwitches = Pick<Switches, "timeField" | "timeFormat" | "dirtyTimes" | "nonsenseTimes" | "missingTimes">;

/** What stands where a time should: none of it can be read as one. */
const NONSENSE = [
  '"yesterday"',
  '"2025-13-45T99:00:00Z"',
  "null",
  '""',
  '"NaN"',
  "true",
  "{}",
  "[]",
  "-1e400",
  '"0000-00-00"',
];
/** Zero-width space, joiner and byte order mark as themselves; control characters escaped, as JSON wants them. */
const DIRT = ["\u200b", "\u200d", "\ufeff", "\\u0000", "\\u0007", "\\t", "\\u200b"];

const TWO_DIGITS = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, "0"));
const THREE_DIGITS = Array.from({ length: 1000 }, (_, value) => String(value).padStart(3, "0"));
const MINUTE_MS = 60_000;
const ZERO = 0x30;
const REST_OF_MINUTE = Buffer.from('00.000Z",');

/** Writes the times of events as JSON: `"timestamp":"2025-01-01T00:00:00.250Z",`. */
export class EventTimes {
  readonly #switches: TimeSwitches;
  readonly #isPlain: boolean;
  #minute = Number.NaN;
  #minuteText = "";
  #minuteBytes = Buffer.of();

  constructor(switches: TimeSwitches) {
    this.#switches = switches;
    const { dirtyTimes, nonsenseTimes, missingTimes } = switches;
    this.#isPlain = dirtyTimes + nonsenseTimes + missingTimes === 0;
  }

  /** Adds a field with a comma behind it, or nothing where the time is missing. `chance` decides what is left open. */
  write(ms: number, chance: number, text: ByteText): void {
    const { timeField, timeFormat } = this.#switches;
    if (this.#isPlain && timeFormat === "iso" && timeField !== "mixed") this.#writeUsual(ms, text);
    else text.add(this.fieldOf(ms, chance));
  }

  /**
   * A field with a comma behind it, or nothing where the time is missing.
   * @param chance 32 bits that decide what is left open
   */
  fieldOf(ms: number, chance: number): string {
    const { timeField, nonsenseTimes, missingTimes } = this.#switches;
    const name = timeField === "mixed" ? TIME_FIELDS[chance % TIME_FIELDS.length] : timeField;
    if (this.#isPlain) return `"${name}":${this.#valueOf(ms, chance)},`;
    const share = mixed(chance ^ 0x71e5) / 2 ** 32;
    if (share < missingTimes) return "";
    if (share < missingTimes + nonsenseTimes) return `"${name}":${NONSENSE[chance % NONSENSE.length]},`;
    return `"${name}":${this.#dirty(this.#valueOf(ms, chance), chance)},`;
  }

  /** The same for what is most usual, as bytes: as a string it would be a sixth of the page's time (measured). */
  #writeUsual(ms: number, text: ByteText): void {
    this.#enterMinute(ms);
    text.copy(this.#minuteBytes);
    const at = text.length;
    text.copy(REST_OF_MINUTE);
    const { bytes } = text;
    let digits = ms % MINUTE_MS;
    for (const place of [5, 4, 3, 1, 0]) {
      bytes[at + place] = ZERO + (digits % 10);
      digits = Math.floor(digits / 10);
    }
  }

  #valueOf(ms: number, chance: number): string {
    const { timeFormat } = this.#switches;
    if (timeFormat !== "mixed") return this.#written(ms, timeFormat, chance);
    const value = this.#written(ms, TIME_FORMATS[(chance >>> 8) % TIME_FORMATS.length] ?? "iso", chance);
    return value.startsWith('"') || (chance >>> 16) % 4 > 0 ? value : `"${value}"`;
  }

  #written(ms: number, format: (typeof TIME_FORMATS)[number], chance: number): string {
    // The moment is the whole ms; what is finer is made up, as it is by clocks.
    if (format === "us") return `${ms}${THREE_DIGITS[chance % 1000]}`;
    if (format === "ns") return `${ms}${THREE_DIGITS[chance % 1000]}${THREE_DIGITS[(chance >>> 10) % 1000]}`;
    // Whole seconds lie before the moment, by nearly a second at most.
    if (format === "s") return chance % 2 === 0 ? String(Math.floor(ms / 1000)) : (ms / 1000).toFixed(3);
    return format === "ms" ? String(ms) : `"${this.#iso(ms)}"`;
  }

  /** `Date.toISOString` once for each minute of events, not for each event. */
  #iso(ms: number): string {
    this.#enterMinute(ms);
    const within = ms % MINUTE_MS;
    return `${this.#minuteText}${TWO_DIGITS[Math.floor(within / 1000)]}.${THREE_DIGITS[within % 1000]}Z`;
  }

  #enterMinute(ms: number): void {
    const minute = Math.floor(ms / MINUTE_MS);
    if (minute === this.#minute) return;
    this.#minute = minute;
    this.#minuteText = new Date(minute * MINUTE_MS).toISOString().slice(0, "2025-01-01T00:00:".length);
    this.#minuteBytes = Buffer.from(`"${this.#switches.timeField}":"${this.#minuteText}`);
  }

  #dirty(value: string, chance: number): string {
    if (mixed(chance ^ 0xd117) / 2 ** 32 >= this.#switches.dirtyTimes) return value;
    const text = value.startsWith('"') ? value.slice(1, -1) : value;
    const dirt = DIRT[(chance >>> 4) % DIRT.length];
    const at = (chance >>> 12) % 3;
    if (at === 0) return `"${dirt}${text}"`;
    if (at === 1) return `"${text}${dirt}"`;
    return `"${text.slice(0, 7)}${dirt}${text.slice(7)}"`;
  }
}

import type { Source, SourceName } from "./source";

/** How long the stream is left alone after it failed, in ms; twice as long each time. */
const STREAM_PAUSE = { first: 1_000, longest: 60_000 };

/** The ways to the events: the stream first, `/events` while that is away. */
export class Sources {
  /** Monotonic ms at which the last page came. */
  lastPageAt = performance.now();
  #downUntil = 0;
  #pause = 0;

  constructor(
    readonly stream: Source | undefined,
    readonly events: Source,
  ) {}

  /** The best of them now. */
  pick(): Source {
    return this.stream !== undefined && performance.now() >= this.#downUntil ? this.stream : this.events;
  }

  get(name: SourceName): Source | undefined {
    return name === "stream" ? this.stream : this.events;
  }

  /** Whether the stream failed the last time that it was asked. */
  get isStreamDoubtful(): boolean {
    return this.#pause > 0;
  }

  /** To be told of every page. */
  arrived(source: Source): void {
    this.lastPageAt = performance.now();
    if (source === this.stream) this.#pause = 0;
  }

  /** To be told that the stream is away. */
  lose(): void {
    this.#pause = Math.min(STREAM_PAUSE.longest, Math.max(STREAM_PAUSE.first, this.#pause * 2));
    this.#downUntil = performance.now() + this.#pause;
  }

  /** @returns ms until the stream may be asked again */
  get streamPauseMs(): number {
    return Math.max(0, this.#downUntil - performance.now());
  }
}

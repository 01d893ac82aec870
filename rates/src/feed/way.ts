import { setTimeout as delay } from "node:timers/promises";
import type { FetchedPage } from "./answer";
import type { AttemptParts, Outcome } from "./attempt";
import type { Checkpoint } from "./checkpoint";
import { Incomplete, StreamLost } from "./outcome";
import type { PageTimes } from "./page-times";
import type { Source, SourceName } from "./source";
import { cursorStep, type Step, startStep, waysFrom } from "./step";

/** Walks from the start that brought nothing new, one after the other; then the cursors do not live long enough. */
const MOST_RESTARTS = 20;
/** Ways lost without anything new since, before it is doubted that there is one. */
const MOST_LOSSES = 10;
/** How long parts that need the stream wait for it, in ms. */
const STREAM_PATIENCE_MS = 20_000;

type Loss = Exclude<Outcome, FetchedPage>;

/** Chooses by which source and which way a walk goes on, by the evidence of the pages so far. */
export class Way {
  /** Ways that are still to be tried. */
  #ways: Step[] = [];
  /** Cursors of sources that were left, which may live still. */
  readonly #own = new Map<SourceName, string>();
  #overlap: number | undefined;
  #restarts = 0;
  #losses = 0;
  #lastNewAt = performance.now();
  #awaySince: number | undefined;

  constructor(private readonly parts: AttemptParts) {}

  /** Where a walk begins, or goes on after the process was ended. */
  first(at: Checkpoint): Step {
    const source = this.#sourceFor(at);
    if (at.source === undefined) return startStep(source, at);
    const known = this.parts.sources.get(at.source);
    if (at.cursor !== undefined && known !== undefined) return cursorStep(known, at, at.cursor);
    return this.#choose(at, source);
  }

  /** The way after one that led nowhere. */
  async next(at: Checkpoint): Promise<Step> {
    this.parts.signal.throwIfAborted();
    const step = this.#ways.shift() ?? this.#choose(at, this.#sourceFor(at));
    if (step.how === "start") this.#countRestart(at);
    const { lowWater } = at;
    const from = lowWater === undefined ? undefined : new Date(lowWater).toISOString();
    this.parts.log.info({ part: at.part, source: step.source.name, by: step.how, storedDownTo: from }, "going on");
    return step;
  }

  async afterLoss(at: Checkpoint, step: Step, loss: Loss): Promise<Step> {
    this.parts.log.warn({ part: at.part, source: step.source.name, loss: loss.kind, why: loss.why }, "lost the way");
    this.#countLoss(at, loss);
    if (loss.kind === "away") return await this.#leave(at, step, loss.why);
    if (loss.kind === "windowless") {
      step.source.windows = false;
      if (isBounded(at)) throw new StreamLost("spans of time are refused");
      this.#ways = this.#ways.filter(({ how }) => how !== "time");
    }
    if (step.how === "other source's cursor") step.source.takesForeign = false;
    if (step.kind === "cursor") this.#ways = waysFrom(at, step.source, { own: undefined, overlap: this.#overlap });
    return await this.next(at);
  }

  /** Whether the stream may have recovered, and the walk does not have to begin anew for it. */
  wantsOther(at: Checkpoint, step: Step): boolean {
    const best = this.#sourceFor(at);
    if (best === step.source) return false;
    return this.#own.has(best.name) || best.windows !== false || best.takesForeign !== false;
  }

  /** The step itself, or one by the other source where that is wanted. */
  prefer(at: Checkpoint, step: Step): Step {
    const { cursor } = step.request;
    if (cursor === undefined || !this.wantsOther(at, step)) return step;
    const best = this.#sourceFor(at);
    this.parts.log.info({ part: at.part, from: step.source.name, to: best.name }, "changing the source");
    const chosen = this.#choose(at, best);
    this.#own.set(step.source.name, cursor);
    return chosen;
  }

  /** What a page that was asked for by time turned out to be: where time is ignored, it is the newest page. */
  checked(step: Step, times: PageTimes | undefined, isWithin: boolean): Step {
    if (step.how !== "time" || times === undefined) return step;
    step.source.windows = isWithin;
    if (isWithin) return step;
    this.parts.log.warn({ source: step.source.name }, "spans of time are ignored: walking from the start");
    return { ...step, kind: "start", how: "start" };
  }

  /** To be told of every page that continues the walk. */
  arrived(step: Step, { inserted, overlap }: { inserted: number; overlap: number }): void {
    this.#ways = [];
    this.#overlap = overlap;
    this.#awaySince = undefined;
    if (inserted > 0) [this.#restarts, this.#losses, this.#lastNewAt] = [0, 0, performance.now()];
    if (step.how === "other source's cursor") step.source.takesForeign = true;
  }

  #sourceFor(at: Checkpoint): Source {
    const { sources } = this.parts;
    return isBounded(at) && sources.stream !== undefined ? sources.stream : sources.pick();
  }

  #choose(at: Checkpoint, source: Source): Step {
    const own = this.#own.get(source.name);
    this.#own.delete(source.name);
    const [first, ...others] = waysFrom(at, source, { own, overlap: this.#overlap });
    this.#ways = others;
    return first ?? startStep(source, at);
  }

  /** Parts that are spans of time need the stream; the whole feed can be had from the other source, too. */
  async #leave(at: Checkpoint, step: Step, why: string): Promise<Step> {
    const { sources, signal } = this.parts;
    this.#awaySince ??= performance.now();
    if (isBounded(at)) {
      if (performance.now() - this.#awaySince > STREAM_PATIENCE_MS) throw new StreamLost(why);
      await delay(Math.max(1, sources.streamPauseMs), undefined, { signal });
      return step;
    }
    if (step.kind === "cursor" && step.request.cursor !== undefined)
      this.#own.set(step.source.name, step.request.cursor);
    const other = step.source === sources.events && sources.stream !== undefined ? sources.stream : sources.events;
    const next = this.#choose(at, other);
    this.parts.log.info({ part: at.part, source: other.name, by: next.how }, "a source is away: going on by the other");
    return next;
  }

  /** Pages may come for ever and bring nothing new, where one that should is never to be had. */
  #countLoss(at: Checkpoint, { why }: Loss): void {
    this.#losses += 1;
    const silentMs = performance.now() - this.#lastNewAt;
    if (this.#losses <= MOST_LOSSES || silentMs < this.parts.giveUpMs) return;
    const seconds = Math.round(silentMs / 1_000);
    throw new Incomplete(`part ${at.part} brought nothing new for ${seconds} s (FEED_GIVE_UP_MS): ${why}`);
  }

  #countRestart(at: Checkpoint): void {
    this.#restarts += 1;
    if (this.#restarts <= MOST_RESTARTS) return;
    throw new Incomplete(
      `part ${at.part} was begun anew ${MOST_RESTARTS} times and none brought anything new: the cursors die too soon`,
    );
  }
}

function isBounded({ since, until }: Checkpoint): boolean {
  return since !== undefined || until !== undefined;
}

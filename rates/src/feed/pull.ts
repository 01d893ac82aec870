import type { Config } from "../config";
import { type Checkpoint, newPart } from "./checkpoint";
import type { FeedLog } from "./feed-log";
import { FeedStore, Rewound } from "./feed-store";
import { Incomplete, StreamLost } from "./outcome";
import { planParts } from "./parts";
import { Progress } from "./progress";
import { type PullState, PullStateStore } from "./pull-state";
import type { Upstream } from "./upstream";
import { Walk, type WalkEnd } from "./walk";

export interface PullParts {
  readonly config: Config;
  readonly upstream: Upstream;
  readonly log: FeedLog;
  readonly signal: AbortSignal;
  /** Is told when there is progress to look at. */
  readonly onBegin: (progress: Progress) => void;
}

/** Further walks from the newest to the oldest, where the upstream says that it has more than was found. */
const MOST_CHECKS = 3;
/** The part of the newest events, which have arrived while the others were pulled. */
const HEAD_PART = -1;

/** One pull of everything that the upstream has, begun or resumed. */
export class Pull {
  readonly #state: PullStateStore;
  #progress = new Progress({ events: 0, total: undefined });

  constructor(private readonly parts: PullParts) {
    this.#state = new PullStateStore(parts.config, parts.log);
  }

  /**
   * Pulls until everything is stored. @returns the counts
   * @throws {Incomplete} saying what is missing; {Stopped} where a signal asked for it; {AlreadyRunning}
   */
  async run({ anew }: { readonly anew: boolean }): Promise<Progress> {
    const { signal, log, upstream } = this.parts;
    try {
      if (anew) await this.#state.forget();
      const state = await this.#state.read();
      this.#progress = new Progress({ events: await this.#state.count(), total: state.total });
      if (state.upstream !== undefined && state.upstream !== upstream.url) {
        throw new Error(
          `The checkpoints are of ${state.upstream}, not of API_BASE_URL ${upstream.url}: set that, or begin anew with --anew (events stay)`,
        );
      }
      if (state.isComplete) {
        log.info(this.#counts(), "ingestion complete: it was before, and nothing was asked (--anew asks again)");
        return this.#progress;
      }
      this.parts.onBegin(this.#progress);
      await this.#pull(state);
      return this.#progress;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw error instanceof Incomplete ? await this.#explained(error) : error;
    } finally {
      await this.#state.close();
      await upstream.client.close();
    }
  }

  async #pull(state: PullState): Promise<void> {
    const { log } = this.parts;
    let isCertain = await this.#walkAll(await this.#begin(state));
    for (let checks = 0; ; checks += 1) {
      await this.#walkHead();
      this.#progress.events = await this.#state.count();
      const { total = 0, events } = this.#progress;
      if (events >= total || isCertain) break;
      if (checks === MOST_CHECKS) {
        throw new Incomplete(
          `${checks} walks from the newest event to the oldest each found events that the one before had not`,
        );
      }
      log.warn({ events, upstreamTotal: total }, "the upstream says that it has more: walking through it once more");
      isCertain = await this.#walkAll([await this.#nextWhole()], "again");
    }
    await this.#save(true);
    const { total = 0, events } = this.#progress;
    if (total > events)
      log.warn(
        this.#counts(),
        "the upstream says that it has more events than its list has, from its newest to its oldest",
      );
    log.info(this.#counts(), "ingestion complete");
  }

  /** @returns the parts that are to be walked through */
  async #begin(state: PullState): Promise<readonly Checkpoint[]> {
    const { log, upstream, config, signal } = this.parts;
    if (state.parts.length > 0) return unfinished(state);
    await this.#save(false);
    const parts = { sources: upstream.sources, log, giveUpMs: config.FEED_GIVE_UP_MS, signal };
    const planned = await planParts(parts, config.FEED_WORKERS);
    await using store = this.#store();
    const nothing = { events: [], nameless: 0, hasMore: undefined, nextCursor: undefined, total: undefined };
    for (const part of planned) await store.commit(nothing, { at: part, checkpointOf: () => part }, signal);
    return planned;
  }

  /**
   * Walks through parts until the database says that they are complete: what a crash of its server took is walked again.
   * @returns whether the pages prove that nothing is missing: by an unbroken walk, or where it is one more, because it found nothing
   */
  async #walkAll(parts: readonly Checkpoint[], which: "first" | "again" = "first"): Promise<boolean> {
    let isCertain = true;
    for (let open = parts; open.length > 0; ) {
      const ends = await this.#walkEach(open);
      isCertain &&=
        which === "again"
          ? ends.every(({ late }) => late === 0)
          : ends.length === 1 && ends.every((end) => end.isCertain);
      // On disk from here on, so that what is read next cannot be lost any more.
      await this.#save(false);
      open = unfinished(await this.#state.read());
    }
    return isCertain;
  }

  async #walkEach(parts: readonly Checkpoint[]): Promise<readonly WalkEnd[]> {
    const waiting = [...parts];
    const stop = new AbortController();
    const signal = AbortSignal.any([this.parts.signal, stop.signal]);
    const ends: WalkEnd[] = [];
    const work = async () => {
      for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
        const end = await this.#walk(part, { signal });
        if (end !== undefined) ends.push(end);
      }
    };
    const workers = Array.from({ length: Math.min(parts.length, this.parts.config.FEED_WORKERS) }, work);
    try {
      await Promise.all(workers);
    } catch (error) {
      stop.abort(error);
      await Promise.allSettled(workers);
      if (!(error instanceof StreamLost)) throw error;
      this.parts.log.warn(
        { why: error.message },
        "the stream is lost: walking through the whole feed instead of its parts",
      );
      const end = await this.#walk(await this.#nextWhole(), { signal: this.parts.signal });
      return end === undefined ? [] : [end];
    }
    return ends;
  }

  /** The newest events, which have arrived meanwhile. */
  async #walkHead(): Promise<void> {
    const head = newPart(HEAD_PART, { since: undefined, until: undefined });
    const walking = { signal: this.parts.signal, isHead: true };
    while ((await this.#walk(head, walking)) === undefined);
  }

  /** @returns undefined where the database has gone back behind the walk */
  async #walk(
    part: Checkpoint,
    { signal, isHead = false }: { signal: AbortSignal; isHead?: boolean },
  ): Promise<WalkEnd | undefined> {
    const { upstream, log, config } = this.parts;
    await using store = this.#store(isHead);
    const parts = {
      sources: upstream.sources,
      log,
      giveUpMs: config.FEED_GIVE_UP_MS,
      signal,
      store,
      progress: this.#progress,
    };
    try {
      return await new Walk({ ...parts, endsAtKnown: isHead }, part).run();
    } catch (error) {
      if (!(error instanceof Rewound)) throw error;
      log.warn({ why: error.message }, "the database has lost the newest pages: fetching them again");
      return undefined;
    }
  }

  async #nextWhole(): Promise<Checkpoint> {
    const { parts } = await this.#state.read();
    return newPart(Math.max(0, ...parts.map(({ part }) => part)) + 1, { since: undefined, until: undefined });
  }

  #store(isDurable = false): FeedStore {
    const { config, log, upstream } = this.parts;
    return new FeedStore({ config, log, upstream: upstream.url, progress: this.#progress, isDurable });
  }

  async #save(isComplete: boolean): Promise<void> {
    await this.#state.save({ upstream: this.parts.upstream.url, total: this.#progress.total, isComplete });
  }

  #counts() {
    const { events, total, pages, received, inserted, nameless } = this.#progress;
    return { events, upstreamTotal: total, pages, received, inserted, nameless };
  }

  /** Adds what is missing to why it is. */
  async #explained(error: Incomplete): Promise<Incomplete> {
    const { parts } = await this.#state.read();
    const { events, total } = this.#progress;
    const open = parts.filter(({ isComplete }) => !isComplete);
    const missing = open.map(({ part, since, lowWater, until }) => {
      const from = since === undefined ? "the oldest event" : iso(since);
      const upTo = lowWater ?? until;
      return `part ${part}, from ${from} to ${upTo === undefined ? "the newest" : iso(upTo)}`;
    });
    const share = total === undefined ? "" : ` of ${total} that the upstream says it has`;
    return new Incomplete(
      `ingestion incomplete: ${events} events are stored${share}. Missing: ${missing.join("; ") || "what the upstream did not give"}. Why: ${error.message}. Run it again to go on from there.`,
      { cause: error.cause },
    );
  }
}

/** A walk through the whole, once begun, takes the place of the parts. */
function unfinished({ parts }: PullState): readonly Checkpoint[] {
  const whole = parts.findLast(({ since, until }) => since === undefined && until === undefined);
  const wanted = whole === undefined ? parts : [whole];
  return wanted.filter(({ isComplete }) => !isComplete);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

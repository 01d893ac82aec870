import { setTimeout as delay } from "node:timers/promises";
import { advanced } from "./advance";
import type { FetchedPage } from "./answer";
import { Attempt, type AttemptParts, type Outcome } from "./attempt";
import type { Checkpoint } from "./checkpoint";
import { Doubt } from "./doubt";
import type { FeedStore } from "./feed-store";
import { judge, type Verdict } from "./judge";
import { Incomplete } from "./outcome";
import type { Page } from "./page";
import { isWithin, overlapOf, timesOf } from "./page-times";
import type { Progress } from "./progress";
import { cursorStep, type Step, startStep } from "./step";
import { Way } from "./way";

export interface WalkParts extends AttemptParts {
  readonly store: FeedStore;
  readonly progress: Progress;
  /** Ends at the first page that brings nothing new, rather than at the oldest. */
  readonly endsAtKnown?: boolean;
}

/** How a walk ended. */
export interface WalkEnd {
  /** Whether every page followed from the one before, from the newest to the one that said it was the last. */
  readonly isCertain: boolean;
  /** New events that lay below known ones, where none can have arrived meanwhile. */
  readonly late: number;
}

/** The next page to ask for, which may be under way already, or the end. */
type Move = Going | { readonly end: WalkEnd };
interface Going {
  readonly step: Step;
  readonly ahead?: Promise<Outcome>;
}

/** Times that a page which contradicts itself is asked for again as it is, and the shares of its size it is tried with then. */
const AGAIN = 3;
const SHAKES = [0.9, 0.7, 0.5];
const AGAIN_PAUSE_MS = 50;

/**
 * Walks through one part of the feed, from its newest event to its oldest. The next page is fetched while one is stored,
 * never more than that. Where the walk loses its cursor or its source, it goes on by whatever way the pages prove.
 */
export class Walk {
  #at: Checkpoint;
  readonly #way: Way;
  readonly #doubt = new Doubt();
  #again = 0;
  #late = 0;
  #sawKnown = false;
  #cursorAt = 0;
  /** Whether the last page said that there is no more and gave a cursor all the same. */
  #saidEnd = false;

  constructor(
    private readonly parts: WalkParts,
    checkpoint: Checkpoint,
  ) {
    this.#at = checkpoint;
    this.#way = new Way(parts);
  }

  get checkpoint(): Checkpoint {
    return this.#at;
  }

  /** @throws {Incomplete} and {StreamLost} where it cannot go on; what the signal says */
  async run(): Promise<WalkEnd> {
    let move: Move = { step: this.#way.first(this.#at) };
    while ("step" in move) {
      const { step, ahead }: Going = move;
      const outcome: Outcome = await (ahead ?? this.#ask(step));
      move =
        outcome.kind === "page"
          ? await this.#move(step, outcome)
          : { step: await this.#way.afterLoss(this.#at, step, outcome) };
    }
    return move.end;
  }

  async #move(step: Step, outcome: FetchedPage): Promise<Move> {
    const { page } = outcome;
    const verdict = this.#judge(outcome, step);
    if (verdict.go === "on") return await this.#goOn(step, page, verdict.cursor);
    if (verdict.go === "end") return { end: await this.#end(step, true, page) };
    if (verdict.go === "again") {
      const other = await this.#askOtherwise(step, verdict.why);
      return other === undefined ? { end: await this.#end(step, false, page) } : { step: other };
    }
    const back = await this.#lookBack(step, outcome);
    return back === undefined ? { end: await this.#end(step, this.#saidEnd) } : { step: back };
  }

  async #goOn(step: Step, page: Page, cursor: string): Promise<Move> {
    const next = cursorStep(step.source, this.#at, cursor);
    const isPlain = step.kind === "cursor" && !this.#way.wantsOther(this.#at, next);
    const ahead = isPlain ? this.#askAhead(next) : undefined;
    const kept = await this.#keep(page, step, cursor);
    if (kept === "known" && this.parts.endsAtKnown) return { end: await this.#end(step, true) };
    if (kept === "apart") return { step: await this.#way.next(this.#at) };
    return ahead === undefined ? { step: this.#way.prefer(this.#at, next) } : { step: next, ahead };
  }

  async #ask(step: Step): Promise<Outcome> {
    const outcome = await new Attempt(this.parts, step.source, step.request).run();
    if (outcome.kind === "page") this.parts.progress.fetched(outcome.tookMs);
    return outcome;
  }

  /**
   * Asks so that the page comes when the one in hand is stored, as far as can be foreseen: a killed process then has one
   * page in hand, not two. A failure is told when the page is wanted.
   */
  #askAhead(step: Step): Promise<Outcome> {
    const { dbTxMsEma = 0, fetchMsEma = 0 } = this.parts.progress;
    const pause = Math.max(0, dbTxMsEma - fetchMsEma);
    const asked = pause < 1 ? this.#ask(step) : delay(pause, undefined, this.parts).then(() => this.#ask(step));
    asked.catch(() => {});
    return asked;
  }

  #judge({ page, sentAt, tookMs }: FetchedPage, step: Step): Verdict {
    const verdict = judge(page, step.request.cursor);
    if (page.total !== undefined && this.#isOfAll(step)) this.parts.progress.total = page.total;
    if (verdict.go !== "again") this.#again = 0;
    if (page.events.length > 0) this.#doubt.sawEvents();
    if (verdict.go === "on") [this.#saidEnd, this.#cursorAt] = [page.hasMore === false, sentAt + tookMs];
    return verdict;
  }

  /** Whether a page's total speaks of the whole feed: what was reached by time counts what is in the span, its cursors too. */
  #isOfAll({ kind, request: { since, until } }: Step): boolean {
    return since === undefined && until === undefined && (kind === "start" || !this.#at.isBroken);
  }

  /** @returns whether a page that was asked for by time lies apart from what is stored, or brought nothing new */
  async #keep(page: Page, step: Step, next: string): Promise<"new" | "known" | "apart"> {
    const times = timesOf(page.events);
    const taken = this.#way.checked(step, times, isWithin(times, step.request));
    let inserted = 0;
    // An attempt whose end nobody knows may have stored the page: the first one tells what was new.
    const isApart = () => taken.kind === "resume" && inserted * 2 > page.events.length;
    await this.#commit(
      page,
      (count) => {
        inserted = Math.max(inserted, count);
        return isApart() ? this.#at : advanced(this.#at, taken, page, next);
      },
      isApart,
    );
    if (isApart()) return "apart";
    this.#way.arrived(taken, { inserted, overlap: overlapOf(times) });
    return inserted === 0 ? "known" : "new";
  }

  async #commit(page: Page, checkpointOf: (inserted: number) => Checkpoint, isApart = () => false): Promise<void> {
    let reached = this.#at;
    const inserted = await this.parts.store.commit(
      page,
      {
        at: this.#at,
        checkpointOf: (count) => {
          reached = checkpointOf(count);
          return reached;
        },
      },
      this.parts.signal,
    );
    if (!isApart()) this.#at = reached;
    if (this.#sawKnown) this.#late += inserted;
    if (page.events.length > 0 && inserted === 0) this.#sawKnown = true;
    this.parts.progress.committed({ received: page.events.length, inserted, nameless: page.nameless });
  }

  /** @returns undefined where a page says nothing of what comes after it, however often it is asked for */
  async #askOtherwise(step: Step, why: string): Promise<Step | undefined> {
    this.#again += 1;
    this.parts.log.warn({ source: step.source.name, why }, "a page is not in order: asking again");
    await delay(AGAIN_PAUSE_MS, undefined, { signal: this.parts.signal });
    const share = SHAKES[this.#again - AGAIN - 1];
    if (this.#again <= AGAIN) return step;
    if (share !== undefined) {
      const limit = Math.max(1, Math.floor(step.source.size.current * share));
      return { ...step, request: { ...step.request, limit } };
    }
    this.#again = 0;
    if (why.includes("does not say")) return undefined;
    return await this.#way.afterLoss(this.#at, step, { kind: "lost", why });
  }

  /** @returns undefined where the list is known to end here */
  async #lookBack(step: Step, { page, sentAt }: FetchedPage): Promise<Step | undefined> {
    if (step.kind === "resume") return await this.#way.next(this.#at);
    if (step.kind === "start") {
      if (this.#doubt.isEmptyTwice(page)) return undefined;
      if (this.#doubt.isHopeless)
        throw new Incomplete(`the upstream says that it has ${page.total} events and gives none`);
      await delay(AGAIN_PAUSE_MS, undefined, { signal: this.parts.signal });
      return step;
    }
    if (this.#saidEnd || this.#doubt.isSettled(sentAt - this.#cursorAt)) return undefined;
    this.#doubt.raise();
    const { previousCursor, isBroken, source } = this.#at;
    if (step.request.cursor !== this.#at.cursor || source !== step.source.name)
      return await this.#way.afterLoss(this.#at, step, { kind: "lost", why: "an empty page" });
    if (previousCursor !== undefined) {
      // Before that cursor, the walk stands where it stood a page ago.
      this.#at = { ...this.#at, cursor: previousCursor, previousCursor: undefined };
      return cursorStep(step.source, this.#at, previousCursor);
    }
    return isBroken || this.#at.pages > 1
      ? await this.#way.afterLoss(this.#at, step, { kind: "lost", why: "an empty page" })
      : startStep(step.source, this.#at);
  }

  async #end(step: Step, isCertain: boolean, page: Page = NO_PAGE): Promise<WalkEnd> {
    await this.#commit(page, () => advanced(this.#at, step, page, undefined));
    return { isCertain: isCertain && !this.#at.isBroken, late: this.#late };
  }
}

const NO_PAGE: Page = { events: [], nameless: 0, hasMore: false, nextCursor: undefined, total: undefined };

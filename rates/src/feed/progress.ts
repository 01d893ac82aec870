/** The newest of so many values counts half of the average, about: pages of one minute at a minute's rate limit. */
const EMA_SHARE = 0.2;

/** What one page took, in ms. */
interface StoredTimes {
  readonly insertMs: number;
  readonly stateMs: number;
  readonly txMs: number;
}

/** What a pull has done so far, counted by all its workers; it never says more than is committed. */
export class Progress {
  /** Events stored, those of earlier runs included. */
  events: number;
  /** Events that the upstream says it has. */
  total: number | undefined;
  /** By this run. */
  pages = 0;
  received = 0;
  inserted = 0;
  nameless = 0;
  fetchMsEma: number | undefined;
  dbTxMsEma: number | undefined;
  dbInsertMsEma: number | undefined;
  dbStateMsEma: number | undefined;

  constructor({ events, total }: { readonly events: number; readonly total: number | undefined }) {
    this.events = events;
    this.total = total;
  }

  fetched(tookMs: number): void {
    this.fetchMsEma = averaged(this.fetchMsEma, tookMs);
  }

  stored({ insertMs, stateMs, txMs }: StoredTimes): void {
    this.dbInsertMsEma = averaged(this.dbInsertMsEma, insertMs);
    this.dbStateMsEma = averaged(this.dbStateMsEma, stateMs);
    this.dbTxMsEma = averaged(this.dbTxMsEma, txMs);
  }

  /** To be told of every committed page. */
  committed(page: { readonly received: number; readonly inserted: number; readonly nameless: number }): void {
    this.pages += 1;
    this.received += page.received;
    this.inserted += page.inserted;
    this.nameless += page.nameless;
    this.events += page.inserted;
  }
}

function averaged(before: number | undefined, value: number): number {
  return before === undefined ? value : before + (value - before) * EMA_SHARE;
}

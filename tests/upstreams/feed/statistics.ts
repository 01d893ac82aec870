/** What a process of the simulated upstream has counted since it began. */
export interface Counts {
  /** Requests by method, path and status, such as `GET /api/v1/events 200`; status 0: no answer was sent whole. */
  readonly requests: Readonly<Record<string, number>>;
  /** Faults by name. */
  readonly faults: Readonly<Record<string, number>>;
  /** How often each page was sent whole: `from-to` are its first and last place in the list of entries, newest highest. */
  readonly pages: Readonly<Record<string, number>>;
  /** Requests let through in each window of a rate limit, by path and the window's number. */
  readonly windows: Readonly<Record<string, number>>;
  /** Requests that reached the other host, and how many of them brought the key or a token along. */
  readonly foreign: number;
  readonly foreignWithSecret: number;
  /** Events that have arrived since the upstream began. */
  readonly arrived: number;
}

/** Counts of all processes of an upstream, with what follows from them. */
export interface Statistics extends Counts {
  /** Answers of any kind, and those with status 429. */
  readonly answers: number;
  readonly refusals: number;
  /** Pages that were sent whole, counting each time. */
  readonly pagesServed: number;
  /** Places of the list that were sent at least once, and how many were sent again, counting each time. */
  readonly placesServed: number;
  readonly placesServedAgain: number;
}

const NONE: Counts = { requests: {}, faults: {}, pages: {}, windows: {}, foreign: 0, foreignWithSecret: 0, arrived: 0 };

/** Adds the counts of processes that ran one after the other. */
export function statisticsOf(all: readonly Counts[]): Statistics {
  const counts = all.reduce(added, NONE);
  const requests = Object.entries(counts.requests);
  const sum = (entries: readonly (readonly [string, number])[]) =>
    entries.reduce((total, [, times]) => total + times, 0);
  return {
    ...counts,
    answers: sum(requests.filter(([name]) => !name.endsWith(" 0"))),
    refusals: sum(requests.filter(([name]) => name.endsWith(" 429"))),
    pagesServed: sum(Object.entries(counts.pages)),
    ...coverage(counts.pages),
  };
}

function added(one: Counts, other: Counts): Counts {
  return {
    requests: addedEach(one.requests, other.requests),
    faults: addedEach(one.faults, other.faults),
    pages: addedEach(one.pages, other.pages),
    windows: addedEach(one.windows, other.windows),
    foreign: one.foreign + other.foreign,
    foreignWithSecret: one.foreignWithSecret + other.foreignWithSecret,
    arrived: Math.max(one.arrived, other.arrived),
  };
}

function addedEach(one: Counts["pages"], other: Counts["pages"]): Record<string, number> {
  const sums: Record<string, number> = { ...one };
  for (const [name, times] of Object.entries(other)) sums[name] = (sums[name] ?? 0) + times;
  return sums;
}

/** Sweeps over the ends of all pages in order, with the number of pages that lie over each stretch between two. */
function coverage(pages: Counts["pages"]): Pick<Statistics, "placesServed" | "placesServedAgain"> {
  const ends = Object.entries(pages).flatMap(([range, times]) => {
    const [from = 0, to = 0] = range.split("-").map(Number);
    return [
      { at: to, change: times },
      { at: from + 1, change: -times },
    ];
  });
  ends.sort((a, b) => a.at - b.at);
  let [depth, last, placesServed, placesServedAgain] = [0, 0, 0, 0];
  for (const { at, change } of ends) {
    if (depth > 0) {
      placesServed += at - last;
      placesServedAgain += (at - last) * (depth - 1);
    }
    [depth, last] = [depth + change, at];
  }
  return { placesServed, placesServedAgain };
}

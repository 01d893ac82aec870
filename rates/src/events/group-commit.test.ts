import { describe, expect, test } from "vitest";
import { DatabaseUnavailable } from "../platform/database/failure";
import type { Event, Settled } from "./event";
import { GroupCommit } from "./group-commit";

function eventsOf(...names: string[]): Event[] {
  const rest = { hash: "", status: "processed", reason: null, clientId: "c", metric: "m", amount: "1" } as const;
  return names.map((id) => ({ ...rest, id, occurredAt: "", receivedAt: "", payload: "12345" }));
}

const settle = (events: readonly Event[]): Settled[] =>
  events.map(({ id }) => ({ eventId: id, status: "processed", isDuplicate: false, reason: null }));

/** A store whose commits end when the test says so. */
class Commits {
  readonly groups: string[][] = [];
  #end: (error?: Error) => void = () => {};

  readonly store = (events: readonly Event[]) =>
    new Promise<Settled[]>((resolve, reject) => {
      this.groups.push(events.map(({ id }) => id));
      this.#end = (error) => (error ? reject(error) : resolve(settle(events)));
    });

  async end(error?: Error): Promise<void> {
    const begun = this.groups.length;
    this.#end(error);
    await Promise.race([expect.poll(() => this.groups.length).toBeGreaterThan(begun), new Promise(setImmediate)]);
  }
}

const group = (commits: Commits, limits: { mostEvents?: number; mostBytes?: number } = {}) =>
  new GroupCommit({ store: commits.store, mostEvents: 100, mostBytes: 1_000, ...limits });

const idsOf = (settled: readonly Settled[]) => settled.map(({ eventId }) => eventId);

describe("a group commit", () => {
  test("holds all requests of one moment, and the next all that came meanwhile, in the order of arrival", async () => {
    const commits = new Commits();
    const committing = group(commits);
    const first = [committing.submit(eventsOf("a", "b")), committing.submit(eventsOf("c"))];
    await expect.poll(() => commits.groups).toEqual([["a", "b", "c"]]);
    const second = [committing.submit(eventsOf("d")), committing.submit(eventsOf("e", "f"))];
    await commits.end();
    expect((await Promise.all(first)).map(idsOf)).toEqual([["a", "b"], ["c"]]);
    expect(commits.groups[1]).toEqual(["d", "e", "f"]);
    await commits.end();
    expect((await Promise.all(second)).map(idsOf)).toEqual([["d"], ["e", "f"]]);
  });

  test("answers nobody before its end", async () => {
    const commits = new Commits();
    let isAnswered = false;
    const answered = group(commits)
      .submit(eventsOf("a"))
      .then(() => {
        isAnswered = true;
      });
    await expect.poll(() => commits.groups).toHaveLength(1);
    expect(isAnswered).toBe(false);
    await commits.end();
    await answered;
  });

  test("that fails for a reason nobody knows is tried request by request", async () => {
    const committing = new GroupCommit({
      store: async (events) => {
        if (events.some(({ id }) => id === "bad")) throw new TypeError("bad");
        return settle(events);
      },
      mostEvents: 100,
      mostBytes: 1_000,
    });
    const all = await Promise.allSettled(["a", "bad", "b"].map((id) => committing.submit(eventsOf(id))));
    expect(all.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  test("that finds the database away fails those that wait as well, and the next request is tried", async () => {
    const commits = new Commits();
    const committing = group(commits, { mostEvents: 2 });
    const first = committing.submit(eventsOf("a"));
    await expect.poll(() => commits.groups).toHaveLength(1);
    const second = committing.submit(eventsOf("b"));
    const both = Promise.allSettled([first, second]);
    await commits.end(new DatabaseUnavailable("away"));
    expect((await both).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    const third = committing.submit(eventsOf("c", "d"));
    await expect.poll(() => commits.groups).toHaveLength(2);
    await commits.end();
    expect(idsOf(await third)).toEqual(["c", "d"]);
  });

  test.each([
    ["events", { mostEvents: 2 }, /2 events wait already, of at most 2 \(EVENTS_MAX_WAITING\)/],
    ["bytes", { mostBytes: 10 }, /10 bytes wait already, of at most 10 \(EVENTS_MAX_WAITING_BYTES\)/],
  ])("has a bound of %s: 429 beyond it, and room again after the commit", async (_name, limits, message) => {
    const commits = new Commits();
    const committing = group(commits, limits);
    const first = committing.submit(eventsOf("a", "b"));
    await expect.poll(() => commits.groups).toHaveLength(1);
    const refused = (async () => committing.submit(eventsOf("c")))();
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toMatchObject({ statusCode: 429, headers: { "Retry-After": "1" } });
    await commits.end();
    await first;
    const next = committing.submit(eventsOf("d", "e", "f"));
    await expect.poll(() => commits.groups).toHaveLength(2);
    await commits.end();
    expect(idsOf(await next)).toEqual(["d", "e", "f"]);
  });
});

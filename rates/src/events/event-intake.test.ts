import { describe, expect, test } from "vitest";
import { testDatabase } from "../../../tests/support/database";
import { environmentFor } from "../../testing/api";
import { loadConfig } from "../config";
import { DatabaseUnavailable } from "../platform/database/failure";
import type { Event } from "./event";
import { EventIntake, type EventSpool } from "./event-intake";
import { EventStore } from "./event-store";
import { DEFAULT_FIELDS } from "./fields";
import { normaliser } from "./normalise";

const NOWHERE = { url: "postgres://rates@127.0.0.1:1/rates", passwordFile: "/dev/null" };
const BODY = Buffer.from('[{"source":"spooled","amount":1},{"source":"spooled","amount":"x"}]');

function intakeOn(access: typeof NOWHERE, spool: EventSpool | undefined) {
  const store = new EventStore(loadConfig(environmentFor(access)), () => {});
  const limits = { mostPerRequest: 10, mostWaiting: 10, mostWaitingBytes: 1_000 };
  return { store, intake: new EventIntake({ store, normalise: normaliser(DEFAULT_FIELDS), spool, limits }) };
}

/** Keeps events as a queue does: as text. */
class Spool implements EventSpool {
  text = "[]";

  async accept(events: readonly Event[]): Promise<void> {
    this.text = JSON.stringify(events);
  }
}

describe("while the database is away", () => {
  test("a spool takes the events, and what it gives back later is stored once, as of its receipt", async () => {
    const spool = new Spool();
    const { intake } = intakeOn(NOWHERE, spool);
    const before = Date.now();
    expect(await intake.take({ body: BODY, key: undefined, isToFail: false })).toEqual({ queued: 2 });
    const after = Date.now();
    await using database = await testDatabase("migrated");
    const { store } = intakeOn(database, undefined);
    const drained: Event[] = JSON.parse(spool.text);
    const settled = await store.store(drained);
    expect(settled.map(({ status, isDuplicate }) => [status, isDuplicate])).toEqual([
      ["processed", false],
      ["rejected", false],
    ]);
    expect(await store.store(drained)).toEqual(settled);
    const rows = await database.query<{ ms: number }>(
      "SELECT extract(epoch FROM received_at)::double precision * 1000 AS ms FROM events WHERE occurred_at = received_at",
    );
    expect(rows.map(({ ms }) => ms >= before && Math.floor(ms) <= after)).toEqual([true, true]);
    await store.close();
  });

  test("a spool that refuses leaves nothing claimed: the request fails, and may be sent again", async () => {
    const full: EventSpool = { accept: () => Promise.reject(new Error("full")) };
    const { intake } = intakeOn(NOWHERE, full);
    const taken = intake.take({ body: BODY, key: undefined, isToFail: false });
    await expect(taken).rejects.toThrow(DatabaseUnavailable);
    await expect(taken).rejects.toThrow("The database cannot be reached. The queue takes no events either.");
  });

  test("what is wrong with a request is said, and not spooled", async () => {
    const spool = new Spool();
    const { intake } = intakeOn(NOWHERE, spool);
    await expect(intake.take({ body: Buffer.from("{"), key: undefined, isToFail: false })).rejects.toThrow("body[0]");
    await expect(intake.take({ body: BODY, key: undefined, isToFail: true })).rejects.toThrow(DatabaseUnavailable);
    expect(spool.text).toBe("[]");
  });
});

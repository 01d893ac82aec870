import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { testDatabase } from "../../support/database";
import { EventIds } from "./event-id";
import { storedTruth } from "./stored-truth";
import { truthOf, truthOfIds } from "./truth";

const UPSTREAM = { seed: 3, total: 2_000 };
const ids = new EventIds(UPSTREAM);
const all = Array.from({ length: UPSTREAM.total }, (_, number) => ids.idOf(number));

test("count, xor and sum are those of the ids one by one", () => {
  const hashes = all.map((id) => createHash("md5").update(id).digest().readBigInt64BE());
  expect(truthOf(UPSTREAM)).toEqual({
    count: UPSTREAM.total,
    xor: String(hashes.reduce((xor, hash) => xor ^ hash, 0n)),
    sum: String(hashes.reduce((sum, hash) => sum + hash, 0n)),
  });
});

test("one id more, less or other shows", () => {
  const truth = truthOf(UPSTREAM);
  expect(truthOfIds(all.toReversed())).toEqual(truth);
  for (const others of [all.slice(1), [...all, "x"], ["x", ...all.slice(1)]]) {
    const found = truthOfIds(others);
    expect([found.count !== truth.count || found.xor !== truth.xor, found.sum !== truth.sum]).toEqual([true, true]);
  }
});

test("SQL finds the same in a table, without the events that arrived later", async () => {
  await using database = await testDatabase();
  await using connection = await database.connect();
  await connection.query("CREATE TABLE pulled (event_id text PRIMARY KEY)");
  expect(await storedTruth(connection, "pulled")).toEqual({ count: 0, xor: "0", sum: "0" });
  const arrived = ids.idOf(UPSTREAM.total);
  await connection.query("INSERT INTO pulled SELECT unnest($1::text[])", [[...all, arrived]]);
  expect(await storedTruth(connection, "pulled")).toEqual(truthOf(UPSTREAM));
  await connection.query("DELETE FROM pulled WHERE event_id = $1", [all[0]]);
  expect(await storedTruth(connection, "pulled")).toEqual(truthOfIds(all.slice(1)));
});

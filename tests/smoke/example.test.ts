import { describe, expect, test } from "vitest";
import { copy } from "../copy";

/** The example of docs/testing.md: what a test of your own code against a real copy looks like. */
describe("a test of your own brings up a copy, uses it, and leaves nothing", () => {
  test("prices that it writes are answered by its own API and by no other", async () => {
    await using c = await copy({ size: "small" });
    const question = "rates?date_from=2021-02-01&date_to=2021-02-01&orig_code=CNGGZ&dest_code=EETLL";
    expect(await (await fetch(`${c.url}/${question}`)).json()).toEqual({
      rates: [{ count: null, day: "2021-02-01", price: null }],
    });
    await using database = await c.connect();
    await database.query(
      "INSERT INTO prices SELECT 'CNGGZ', 'EETLL', '2021-02-01', price FROM unnest(ARRAY[1000, 1100, 1200]) AS price",
    );
    expect(await (await fetch(`${c.url}/${question}`)).json()).toEqual({
      rates: [{ count: 3, day: "2021-02-01", price: 1100 }],
    });
  });
});

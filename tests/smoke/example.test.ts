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
    const sent = await fetch(`${c.url}/batches`, {
      method: "POST",
      headers: { "content-type": "text/csv", "idempotency-key": c.name },
      body: `orig_code,dest_code,day,price\n${[1000, 1100, 1200].map((price) => `CNGGZ,EETLL,2021-02-01,${price}\n`).join("")}`,
    });
    expect(await sent.json()).toMatchObject({ rows: 3 });
    await using database = await c.connect();
    expect((await database.query("SELECT FROM prices WHERE day = '2021-02-01'")).rowCount).toBe(3);
    expect(await (await fetch(`${c.url}/${question}`)).json()).toEqual({
      rates: [{ count: 3, day: "2021-02-01", price: 1100 }],
    });
  });
});

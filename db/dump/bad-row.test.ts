import { describe, expect, test } from "vitest";
import { type BadDump, changedSample, dumpFile, expectRefusal, lineOf, refusalOf, SAMPLE_DUMP } from "./sample-dump";

/** Another first row of prices. */
function row(content: string, reason: RegExp, title = JSON.stringify(content)): BadDump {
  return { title, content: changedSample("CNGGZ\tEETLL\t2021-01-01\t1100", content), at: content, reason };
}

describe("a dump is refused with file, line and reason when a row has", () => {
  test.each<BadDump>([
    row(
      "CNGGZ\tEETLL\t2021-01-01",
      /row of public.prices has 3 columns, expected 4 \(orig_code, dest_code, day, price\)/,
    ),
    row("CNGGZ\tEETLL\t2021-01-01\t1100\t", /has 5 columns, expected 4/),
    row("CNGGZEETLL", /has 1 column, expected 4/),
    row("\\N\tEETLL\t2021-01-01\t1100", /public.prices.orig_code is NULL, expected text, not NULL/),
    row("CNGGZ\tEETLL\t\\N\t1100", /public.prices.day is NULL, expected a day/),
    row("CNGGZ\tEETLL\t2021-01-01\t\\N", /public.prices.price is NULL, expected an integer/),
    row("CN\\\tGGZ\tEETLL\t2021-01-01\t1100", /which pg_dump never writes/),
    row("CNGGZ\tEETLL\\\t2021-01-01\t1100", /which pg_dump never writes/),
    row("CN\\.\tEETLL\t2021-01-01\t1100", /has "\\\\\.", which pg_dump never writes/),
    row("CNGGZ\tEETLL\t2021-01-01\t1100\r", /CR LF/),
    row("CN\0GGZ\tEETLL\t2021-01-01\t1100", /a zero byte in a row of public.prices/),
  ])("$title", expectRefusal);

  test.each([
    ...["12.5", "", "-", "1e3", "0x10", " 7", "7 ", "+7", "1,200", "2147483648", "-2147483649", "9".repeat(40)],
  ])("the price %j", async (price) => {
    const reason = /public.prices.price is ".*", expected an integer from -2147483648 to 2147483647/;
    await expectRefusal(row(`CNGGZ\tEETLL\t2021-01-01\t${price}`, reason));
  });

  test.each([
    ...["2021-02-29", "2021-04-31", "1900-02-29", "2021-13-01", "2021-00-10", "2021-01-00", "2021-1-5", "01/02/2021"],
    ...["20210101", "0000-01-01", "10000-01-01", "infinity", "2021-01-01 00:00:00", "0044-03-15 BC", "2021-01-0a", ""],
  ])("the day %j", async (day) => {
    const reason = /public.prices.day is ".*", expected a day as YYYY-MM-DD/;
    await expectRefusal(row(`CNGGZ\tEETLL\t${day}\t1100`, reason));
  });

  test("NULL for a port's region", async () => {
    const content = changedSample("Tallinn\tbaltic", "Tallinn\t\\N");
    const reason = /public.ports.parent_slug is NULL, expected text, not NULL/;
    await expectRefusal({ title: "", content, at: "EETLL\tTallinn", reason });
  });

  test("an escaped line end", async () => {
    const content = changedSample("Guangzhou\tchina\n", "Guangzhou\tchina\\\n");
    await expectRefusal({ title: "", content, at: "CNGGZ\tGuang", reason: /which pg_dump never writes/ });
  });

  test("another encoding", async () => {
    const content = Buffer.from(changedSample("Tallinn", "Åbo"), "latin1");
    const reason = /a row of public.ports is not UTF-8; .*--encoding=UTF8/;
    await expectRefusal({ title: "", content, at: lineOf(SAMPLE_DUMP, "EETLL\tTallinn"), reason });
  });

  test("an empty line before it", async () => {
    const content = changedSample("CNGGZ\tEETLL\t2021-01-01", "\nCNGGZ\tEETLL\t2021-01-01");
    await expectRefusal({ title: "", content, at: "\nCNGGZ\tEETLL\t2021-01-01", reason: /has 1 column, expected 4/ });
  });

  test("a wrong day after many reads of the file", async () => {
    const rows = "CNGGZ\tEETLL\t2021-01-01\t1100\n".repeat(100_000);
    const content = changedSample("CNGGZ\tEETLL\t2021-01-02", `${rows}CNGGZ\tEETLL\t2021-01-99`);
    using file = dumpFile(content);
    expect((await refusalOf(file.path)).line).toBe(lineOf(content, "CNGGZ\tEETLL\t2021-01-99"));
  });
});

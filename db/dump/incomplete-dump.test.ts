import { describe, expect, test } from "vitest";
import { type BadDump, changedSample, dumpFile, expectRefusal, lineOf, refusalOf, SAMPLE_DUMP } from "./sample-dump";

const TRUNCATED = /looks truncated: make it again with pg_dump/;

/** Every statement about regions but the foreign keys to it. */
const ALL_OF_REGIONS = /(CREATE TABLE|ALTER TABLE ONLY) public.regions\b[\s\S]*?;|COPY public.regions [\s\S]*?\\\.\n/g;

/** The sample up to a text, and the line that it then ends on. */
function cutBefore(text: string, line: number, reason: RegExp): BadDump {
  return { title: `${JSON.stringify(text)} and all after it`, content: upTo(text), at: line, reason };
}

/** The sample without all places of a pattern. */
function without(title: string, place: RegExp, reason: RegExp): BadDump {
  const content = changedSample(place, "");
  return { title, content, at: lastLine(content), reason };
}

function upTo(text: string): string {
  return SAMPLE_DUMP.slice(0, SAMPLE_DUMP.indexOf(text));
}

/** The number of the last line that ends with a line end. */
function lastLine(content: string): number {
  return content.split("\n").length - 1;
}

describe("a dump is refused with file, line and reason when it lacks", () => {
  test.each<BadDump>([
    cutBefore("CREATE TABLE public.prices", lastLine(upTo("CREATE TABLE public.prices")), /no table public.prices/),
    cutBefore(
      "integer NOT NULL",
      lineOf(SAMPLE_DUMP, "    price integer"),
      /inside the statement "CREATE TABLE public.p/,
    ),
    cutBefore(
      "CNGGZ\tEETLL\t2021-01-02",
      lineOf(SAMPLE_DUMP, "CNGGZ\tEETLL\t2021-01-02"),
      /public.prices, after 1 rows/,
    ),
    cutBefore(
      "21-01-02",
      lineOf(SAMPLE_DUMP, "CNGGZ\tEETLL\t2021-01-02"),
      /ends inside COPY public.prices, after 1 rows/,
    ),
    cutBefore(
      "FOREIGN KEY (dest",
      lineOf(SAMPLE_DUMP, "    ADD CONSTRAINT prices_dest"),
      /inside the statement "ALTER/,
    ),
    cutBefore("-- PostgreSQL database dump complete", lastLine(SAMPLE_DUMP) - 3, /without the line "-- PostgreSQL/),
  ])("$title", async (dump) => {
    await expectRefusal(dump);
    await expectRefusal({ ...dump, reason: TRUNCATED });
  });

  test.each<BadDump>([
    without(
      "the key of ports",
      /ALTER TABLE \S+ \S+\s+ADD CONSTRAINT ports_pkey .*/,
      /no PRIMARY KEY \(code\) on public.ports/,
    ),
    without("the key of regions", /ALTER TABLE \S+ \S+\s+ADD CONSTRAINT regions_pkey .*/, /no PRIMARY KEY \(slug\)/),
    without(
      "a foreign key",
      /ALTER TABLE \S+ \S+\s+ADD CONSTRAINT prices_orig_code_fkey .*/,
      /no FOREIGN KEY \(orig_code\)/,
    ),
    without("rows", /COPY public.regions [\s\S]*?\\\.\n/, /has no rows of public.regions; .*without --schema-only/),
    without("a table", ALL_OF_REGIONS, /no table public.regions/),
  ])("$title", expectRefusal);

  test("the end of a comment's text", async () => {
    const content = `${SAMPLE_DUMP}COMMENT ON TABLE public.ports IS 'half;\n`;
    await expectRefusal({ title: "", content, at: lastLine(content), reason: TRUNCATED });
  });

  test("anything at its end but the last line end", async () => {
    const whole =
      SAMPLE_DUMP.indexOf("-- PostgreSQL database dump complete") + "-- PostgreSQL database dump complete".length;
    for (let length = 1; length < whole; length += 13) {
      using file = dumpFile(SAMPLE_DUMP.slice(0, length));
      expect((await refusalOf(file.path)).line, `of the first ${length} characters`).toBeGreaterThan(0);
    }
  });
});

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { SHIPPED_DUMP } from "../dataset/generate";
import { checkDump } from "./check";
import type { DumpCopy, DumpPart, DumpProgress } from "./parts";
import { readDump } from "./reader";
import { changedSample, dumpFile, lineOf, SAMPLE_DUMP } from "./sample-dump";

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

async function partsOf(content: string): Promise<DumpPart[]> {
  using file = dumpFile(content);
  return await collect(readDump(file.path));
}

async function statementsOf(content: string): Promise<string[]> {
  return (await partsOf(content)).flatMap((part) => (part.kind === "statement" ? [part.sql] : []));
}

async function bytesOf(copy: DumpCopy): Promise<Buffer> {
  return Buffer.concat(await collect(copy.rows));
}

const SAMPLE_STATEMENTS = [
  "CREATE TABLE public.ports (code text NOT NULL, name text NOT NULL, parent_slug text NOT NULL)",
  "CREATE TABLE public.prices (orig_code text NOT NULL, dest_code text NOT NULL, day date NOT NULL, price integer NOT NULL)",
  "CREATE TABLE public.regions (slug text NOT NULL, name text NOT NULL, parent_slug text)",
  "ALTER TABLE ONLY public.ports ADD CONSTRAINT ports_pkey PRIMARY KEY (code)",
  "ALTER TABLE ONLY public.regions ADD CONSTRAINT regions_pkey PRIMARY KEY (slug)",
  "ALTER TABLE ONLY public.ports ADD CONSTRAINT ports_parent_slug_fkey FOREIGN KEY (parent_slug) REFERENCES public.regions(slug)",
  "ALTER TABLE ONLY public.prices ADD CONSTRAINT prices_dest_code_fkey FOREIGN KEY (dest_code) REFERENCES public.ports(code)",
  "ALTER TABLE ONLY public.prices ADD CONSTRAINT prices_orig_code_fkey FOREIGN KEY (orig_code) REFERENCES public.ports(code)",
  "ALTER TABLE ONLY public.regions ADD CONSTRAINT regions_parent_slug_fkey FOREIGN KEY (parent_slug) REFERENCES public.regions(slug)",
];

describe("reading a dump", () => {
  test("gives what must be executed, the rows and the end, in order and with their lines", async () => {
    const parts = await partsOf(SAMPLE_DUMP);
    const order = ["statement", "statement", "statement", "copy", "copy", "copy", ...Array(6).fill("statement"), "end"];
    expect(parts.map(({ kind }) => kind)).toEqual(order);
    expect(parts[1]).toMatchObject({ line: lineOf(SAMPLE_DUMP, "CREATE TABLE public.prices") });
    const line = lineOf(SAMPLE_DUMP, "COPY public.prices");
    expect(parts[4]).toMatchObject({ table: "prices", line, firstRow: line + 1 });
    expect(parts[11]).toMatchObject({
      line: lineOf(SAMPLE_DUMP, "ALTER TABLE ONLY public.regions\n    ADD CONSTRAINT regions_parent"),
    });
    expect(await statementsOf(SAMPLE_DUMP)).toEqual(SAMPLE_STATEMENTS);
  });

  test("passes settings, owners, rights and comments over", async () => {
    const extras = [
      "\\restrict LIr6Q0dVgdUyMOGPD8w4",
      "SET default_with_oids = false; SET transaction_timeout = 0;",
      "CREATE SCHEMA public;",
      "ALTER SCHEMA public OWNER TO pg_database_owner;",
      "COMMENT ON SCHEMA public IS 'standard; it''s public -- or\r\nnot \"quoted';",
      "CREATE EXTENSION IF NOT EXISTS plpgsql WITH SCHEMA pg_catalog;",
      "COMMENT ON EXTENSION plpgsql IS 'PL/pgSQL procedural language';",
      'ALTER TABLE public.ports OWNER TO "Bob; DROP TABLE";',
      "ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT SELECT ON TABLES TO readers;",
      "GRANT SELECT ON TABLE public.prices TO readers;",
      "REVOKE ALL ON SCHEMA public FROM PUBLIC;",
      "\\unrestrict LIr6Q0dVgdUyMOGPD8w4",
    ];
    expect(
      await statementsOf(changedSample("SET default_tablespace", `${extras.join("\n")}\nSET default_tablespace`)),
    ).toEqual(SAMPLE_STATEMENTS);
  });

  test("takes an index as it is in the file", async () => {
    const index = "CREATE INDEX prices_lane ON public.prices USING btree (orig_code, dest_code, day) WHERE (price > 0)";
    expect(await statementsOf(`${SAMPLE_DUMP}${index};\n`)).toEqual([...SAMPLE_STATEMENTS, index]);
  });

  test("takes the names of older versions, whose search path leads to public", async () => {
    const path = "SET search_path = public, pg_catalog;";
    const older = changedSample("SELECT pg_catalog.set_config('search_path', '', false);", path)
      .replaceAll("public.", "")
      .replaceAll("ALTER TABLE ONLY", "ALTER TABLE");
    expect(await statementsOf(older)).toEqual(SAMPLE_STATEMENTS);
  });

  test("takes names that are all in quotes", async () => {
    const content = SAMPLE_DUMP.replace(/(public)\.(\w+)/g, '"$1"."$2"').replace(
      /\b(code|slug|name|price) (?=text|integer)/g,
      '"$1" ',
    );
    expect(await statementsOf(content.replace(/ text\b/g, ' "text"'))).toEqual(SAMPLE_STATEMENTS);
  });

  test("takes quoted names, columns and rows in another order, and constraints of other names", async () => {
    const content = changedSample(
      "    code text NOT NULL,\n    name text NOT NULL",
      '    "name" text NOT NULL,\n    code text NOT NULL',
    )
      .replace("COPY public.ports (code, name, parent_slug)", 'COPY "public"."ports" (parent_slug, "name", code)')
      .replace("ADD CONSTRAINT ports_pkey", 'ADD CONSTRAINT "Key ""of"" ports"');
    const statements = await statementsOf(content);
    expect(statements[0]).toMatch("ports (name text NOT NULL, code text NOT NULL, parent_slug");
    expect(statements[3]).toBe('ALTER TABLE ONLY public.ports ADD CONSTRAINT "Key ""of"" ports" PRIMARY KEY (code)');
    expect((await partsOf(content))[3]).toMatchObject({ columns: ["parent_slug", "name", "code"] });
  });

  test.each([
    ...["CNGGZ\tEETLL\t2024-02-29\t2147483647", "CNGGZ\tEETLL\t2000-02-29\t-2147483648"],
    ...["\t\t0001-01-01\t0", "a\\tb\\\\\t東京\\n\t9999-12-31\t-0"],
  ])("takes the row %j", async (row) => {
    using file = dumpFile(changedSample("CNGGZ\tEETLL\t2021-01-01\t1100", row));
    expect((await checkDump(file.path)).rows.prices).toBe(3);
  });

  test("gives rows byte for byte, however the reads of the file cut them", async () => {
    const rows = Array.from(
      { length: 60_000 },
      (_, index) => `P${index}\tŚwinoujście \\\\ \\t東京 ${"é".repeat(index % 50)}\tbaltic\n`,
    );
    using file = dumpFile(changedSample("EETLL\tTallinn\tbaltic\n", rows.join("")));
    for await (const part of readDump(file.path)) {
      if (part.kind !== "copy" || part.table !== "ports") continue;
      expect((await bytesOf(part)).equals(Buffer.from(`CNGGZ\tGuangzhou\tchina\n${rows.join("")}`))).toBe(true);
    }
  });

  test("goes on rightly after rows that were not taken, or not all", async () => {
    const rows = "CNGGZ\tEETLL\t2021-01-01\t1100\n".repeat(50_000);
    using file = dumpFile(changedSample("CNGGZ\tEETLL\t2021-01-01\t1100\n", rows));
    const kinds: string[] = [];
    for await (const part of readDump(file.path)) {
      kinds.push(part.kind);
      if (part.kind === "copy") for await (const _first of part.rows) break;
      if (part.kind === "end") expect(part.summary.rows).toEqual({ ports: 2, prices: 50_002, regions: 3 });
    }
    expect(kinds).toHaveLength(13);
  });

  test("tells how far it is, up to the end of the file", async () => {
    const done: DumpProgress[] = [];
    const summary = await checkDump(SHIPPED_DUMP, { onProgress: (progress) => done.push(progress) });
    const rows = done.filter(({ table }) => table === "prices").map((progress) => progress.rows);
    expect(rows.length).toBeGreaterThan(3);
    expect(rows).toEqual(rows.toSorted((a, b) => a - b));
    expect(rows.at(-1)).toBe(summary.rows.prices);
    expect(done.at(-1)?.bytes).toBe(summary.bytes);
  });

  test("sums the file up", async () => {
    const file = readFileSync(SHIPPED_DUMP);
    const summary = await checkDump(SHIPPED_DUMP);
    expect(summary.sha256).toBe(createHash("sha256").update(file).digest("hex"));
    expect(summary).toMatchObject({ path: SHIPPED_DUMP, bytes: file.length, rows: { ports: 140, regions: 23 } });
  });
});

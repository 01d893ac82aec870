import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testDatabase } from "../../tests/support/database";
import { temporaryFolder } from "../../tests/support/folder";
import { taskQuery } from "../task-query";
import { checkDump } from "./check";
import { loadDump } from "./load";

/** Ten times the shipped one. */
const PRICES = 600_000;

const PORTS = ["ESALG", "ESVLC", "JPTYO", "VNSGN", "BRSSZ"];
const NAMES = ["Algeciras \\\\ La Línea", "València", "東京", "Thành phố Hồ Chí Minh\\tSài Gòn", "Santos"];

/** As pg_dump 17 writes it without any option: owners, rights, comments, an index of the user's own. */
function* ownDump(): Generator<string> {
  yield `--
-- PostgreSQL database dump
--

\\restrict fC9vZ3l5pB4Xq2pG6VbTQw8xkB1Sx7U

-- Dumped from database version 17.6
-- Dumped by pg_dump version 17.6 (Debian 17.6-1)

SET statement_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);

--
-- Name: SCHEMA public; Type: COMMENT; Schema: -; Owner: pg_database_owner
--

COMMENT ON SCHEMA public IS 'standard public schema; it''s ours';
CREATE EXTENSION IF NOT EXISTS plpgsql WITH SCHEMA pg_catalog;
COMMENT ON EXTENSION plpgsql IS 'PL/pgSQL procedural language';

CREATE TABLE public.regions (
    slug text NOT NULL,
    parent_slug text,
    name text NOT NULL
);
ALTER TABLE public.regions OWNER TO postgres;
CREATE TABLE public.ports (
    name text NOT NULL,
    code text NOT NULL,
    parent_slug text NOT NULL
);
ALTER TABLE public.ports OWNER TO postgres;
COMMENT ON TABLE public.ports IS 'Our ports;
all of them';
CREATE TABLE public.prices (
    day date NOT NULL,
    price integer NOT NULL,
    orig_code text NOT NULL,
    dest_code text NOT NULL
);
ALTER TABLE public.prices OWNER TO postgres;

COPY public.ports (name, code, parent_slug) FROM stdin;
`;
  yield PORTS.map((code, index) => `${NAMES[index]}\t${code}\twörld\n`).join("");
  yield "\\.\n\n\nCOPY public.prices (day, price, orig_code, dest_code) FROM stdin;\n";
  for (let row = 0; row < PRICES; row += 1000)
    yield Array.from({ length: 1000 }, (_, at) => priceRow(row + at)).join("");
  yield `\\.


COPY public.regions (slug, parent_slug, name) FROM stdin;
wörld	\\N	Wörld
\\.


ALTER TABLE ONLY public.ports
    ADD CONSTRAINT ports_pkey PRIMARY KEY (code);
ALTER TABLE ONLY public.regions
    ADD CONSTRAINT regions_pkey PRIMARY KEY (slug);
CREATE INDEX prices_lane_day ON public.prices USING btree (orig_code, dest_code, day DESC NULLS LAST);
ALTER TABLE ONLY public.ports
    ADD CONSTRAINT ports_parent_slug_fkey FOREIGN KEY (parent_slug) REFERENCES public.regions(slug);
ALTER TABLE ONLY public.prices
    ADD CONSTRAINT prices_dest_code_fkey FOREIGN KEY (dest_code) REFERENCES public.ports(code);
ALTER TABLE ONLY public.prices
    ADD CONSTRAINT prices_orig_code_fkey FOREIGN KEY (orig_code) REFERENCES public.ports(code);
ALTER TABLE ONLY public.regions
    ADD CONSTRAINT regions_parent_slug_fkey FOREIGN KEY (parent_slug) REFERENCES public.regions(slug);

REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO PUBLIC;
GRANT SELECT ON TABLE public.prices TO readers;

--
-- PostgreSQL database dump complete
--

\\unrestrict fC9vZ3l5pB4Xq2pG6VbTQw8xkB1Sx7U

`;
}

function priceRow(index: number): string {
  const day = String((index % 30) + 1).padStart(2, "0");
  return `2019-11-${day}\t${index % 3000}\t${PORTS[index % 4]}\tBRSSZ\n`;
}

test("a user's own dump with other ports, names and owners, and ten times the rows, is loaded and answers", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "own rates.sql");
  await writeFile(path, ownDump());
  await using db = await testDatabase("empty");
  await using client = await db.connect();
  const summary = await loadDump(client, path);
  expect(summary).toEqual(await checkDump(path));
  expect(summary.rows).toEqual({ ports: 5, prices: PRICES, regions: 1 });
  expect(await db.query("SELECT name FROM ports ORDER BY code")).toEqual(
    ["Santos", "Algeciras \\ La Línea", "València", "東京", "Thành phố Hồ Chí Minh\tSài Gòn"].map((name) => ({ name })),
  );
  expect(await db.query("SELECT indexname FROM pg_indexes WHERE tablename = 'prices'")).toEqual([
    { indexname: "prices_lane_day" },
  ]);
  const range = { origCode: "ESALG", destCode: "BRSSZ", dateFrom: "2019-11-01", dateTo: "2019-11-01" };
  expect(await taskQuery(client, range)).toEqual([{ day: "2019-11-01", price: 1470, count: 10_000 }]);
});

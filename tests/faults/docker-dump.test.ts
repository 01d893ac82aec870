import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CopiesFolder, copiesFolder } from "../support/copies";
import { leftoversOf } from "../support/engine-objects";
import { temporaryFolder } from "../support/folder";
import { DOCKER_COPY, needs } from "../support/runtimes";

/** Other ports than the shipped ones, names that are not ASCII, and what plain pg_dump 17 writes around them. */
const OWN_DUMP = `--
-- PostgreSQL database dump
--

\\restrict fC9vZ3l5pB4Xq2pG6VbTQw8xkB1Sx7U

SET statement_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);

COMMENT ON SCHEMA public IS 'standard public schema; it''s ours';
CREATE EXTENSION IF NOT EXISTS plpgsql WITH SCHEMA pg_catalog;

CREATE TABLE public.regions (
    slug text NOT NULL,
    parent_slug text,
    name text NOT NULL
);
ALTER TABLE public.regions OWNER TO "their admin";
CREATE TABLE public.ports (
    name text NOT NULL,
    code text NOT NULL,
    parent_slug text NOT NULL
);
ALTER TABLE public.ports OWNER TO "their admin";
CREATE TABLE public.prices (
    day date NOT NULL,
    price integer NOT NULL,
    orig_code text NOT NULL,
    dest_code text NOT NULL
);
ALTER TABLE public.prices OWNER TO "their admin";

COPY public.ports (name, code, parent_slug) FROM stdin;
東京	JPTYO	wörld
València	ESVLC	wörld
\\.

COPY public.prices (day, price, orig_code, dest_code) FROM stdin;
2019-11-01	100	JPTYO	ESVLC
2019-11-01	200	JPTYO	ESVLC
2019-11-01	600	JPTYO	ESVLC
2019-11-02	100	JPTYO	ESVLC
\\.

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

GRANT SELECT ON TABLE public.prices TO readers;

--
-- PostgreSQL database dump complete
--

\\unrestrict fC9vZ3l5pB4Xq2pG6VbTQw8xkB1Sx7U
`;

describe("docker: a user's own dump", () => {
  let copies: CopiesFolder | undefined;

  beforeEach(needs("docker", ...DOCKER_COPY));

  afterEach(() => copies?.[Symbol.asyncDispose]());

  /** A copy born from a file with that content; its name is nothing that the Dockerfile knows. */
  async function bornFrom(content: string) {
    using folder = temporaryFolder();
    const file = join(folder.path, "their backup");
    writeFileSync(file, content);
    copies = copiesFolder({ runtime: "docker" });
    const { exitCode, all } = await copies.copy(["up", "mine", "--rates-sql", file]);
    return { copies, file, exitCode, all };
  }

  test("with owners, rights and names that are not ASCII comes up and answers from its own data", async () => {
    const { copies, exitCode, all } = await bornFrom(OWN_DUMP);
    expect(exitCode, all).toBe(0);
    const url = (await copies.status("mine"))?.url;
    const question = "date_from=2019-11-01&date_to=2019-11-02&orig_code=JPTYO&dest_code=ESVLC";
    expect(await (await fetch(`${url}/rates?${question}`)).json()).toEqual({
      rates: [
        { day: "2019-11-02", count: 1, price: null },
        { day: "2019-11-01", count: 3, price: 300 },
      ],
    });
    const { stdout } = await copies.copy(["sql", "mine", "-c", "SELECT name FROM ports ORDER BY code", "--json"]);
    expect(JSON.parse(stdout)).toEqual([{ name: "València" }, { name: "東京" }]);
  });

  test.each([
    ["that is truncated", (dump: string) => dump.slice(0, dump.length / 2), /:\d+: .*truncated/s],
    ["with a price that is no number", (dump: string) => dump.replace("\t600\t", "\tdear\t"), /:\d+: .*dear/s],
    ["with a port that does not exist", (dump: string) => dump.replace("600\tJPTYO", "600\tXXXXX"), /:\d+: .*XXXXX/s],
  ])("%s is refused, and nothing is left", async (_kind, change, message) => {
    const { copies, file, exitCode, all } = await bornFrom(change(OWN_DUMP));
    expect(exitCode).toBe(1);
    expect(all).toContain(file);
    expect(all).toMatch(message);
    expect(await leftoversOf(copies)).toEqual([]);
  });
});

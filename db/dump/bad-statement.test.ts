import { describe, test } from "vitest";
import { type BadDump, changedSample, expectRefusal, SAMPLE_DUMP } from "./sample-dump";

type Change = readonly [from: string | RegExp, to: string];

/** A statement that a complete dump goes on with. */
function added(statement: string, reason: RegExp): BadDump {
  return { title: statement, content: `${SAMPLE_DUMP}${statement}\n`, at: statement, reason };
}

/** Another declaration of a table. */
function table(name: string, [from, to]: Change, reason: RegExp): BadDump {
  const content = changedSample(from, to);
  return { title: `${to.trim() || "nothing"} instead of ${from}`, content, at: `CREATE TABLE public.${name}`, reason };
}

/** Another definition of a foreign key of prices. */
function key(definition: string, reason: RegExp): BadDump {
  const content = changedSample("FOREIGN KEY (dest_code) REFERENCES public.ports(code)", definition);
  return { title: definition, content, at: "ALTER TABLE ONLY public.prices", reason };
}

/** Another COPY statement for ports. */
function copy(statement: string, reason: RegExp): BadDump {
  return {
    title: statement,
    content: changedSample(/COPY public.ports .*/, statement),
    at: "COPY public.ports",
    reason,
  };
}

const FUNCTION = "CREATE FUNCTION public.f() RETURNS void\n    LANGUAGE sql\n    AS $$ SELECT 1; $$;";
const PORTS_AGAIN = "CREATE TABLE public.ports ( code text NOT NULL, name text NOT NULL, parent_slug text NOT NULL);";

describe("a dump is refused with file, line and reason when it has", () => {
  test.each<BadDump>([
    added("CREATE TABLE public.users (id integer);", /public.users is unexpected: .* pg_dump --table=public.ports/),
    added("CREATE TABLE sales.prices (id integer);", /prices is in the schema sales, expected public.prices/),
    added("CREATE TABLE prices (id integer);", /table prices is in no schema, expected public.prices/),
    added(PORTS_AGAIN, /public.ports is created a second time/),
    added(FUNCTION, /"CREATE FUNCTION public.f\(\) RETURNS void .*expected only the tables ports, prices/),
    added("DO $$ BEGIN DROP TABLE prices; END $$;", /"DO \$\$ BEGIN DROP TABLE prices"; expected only/),
    added("CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;", /unexpected statement "CREATE EXTENSION/),
    added("CREATE UNIQUE INDEX one ON public.prices USING btree (day);", /a unique index is not part of the schema/),
    added("CREATE INDEX one ON public.users USING btree (id);", /public.users is unexpected/),
    added("INSERT INTO public.prices VALUES ('CNGGZ', 'EETLL', '2021-01-01', 1);", /without --inserts/),
    added("DROP TABLE public.ports;", /"DROP TABLE public.ports"; .*without --clean/),
    added("ALTER TABLE IF EXISTS ONLY public.ports DROP CONSTRAINT ports_pkey;", /without --clean/),
    added("CREATE DATABASE rates WITH TEMPLATE = template0 ENCODING = 'UTF8';", /without --create/),
    added("\\connect rates", /without --create/),
    added("\\! touch /tmp/outside", /unexpected statement "\\\\! touch/),
    added("CREATE ROLE bob;", /instead of pg_dumpall/),
    added("SET row_security = off; DELETE FROM pg_authid;", /unexpected statement "DELETE FROM pg_authid"/),
    added("SELECT pg_catalog.setval('public.ids', 1, true);", /unexpected statement "SELECT pg_catalog.setval/),
    added("SET client_encoding = 'LATIN1';", /"SET client_encoding = 'LATIN1'"; .*--encoding=UTF8/),
    added("SET standard_conforming_strings = off;", /standard_conforming_strings = on/),
    added("ALTER TABLE ONLY public.prices ADD CONSTRAINT one UNIQUE (day);", /constraint one "unique \( day \)"/),
  ])("$title", expectRefusal);

  test.each<BadDump>([
    table("prices", ["day date", "day timestamp without time zone"], /zone not null", expected day date NOT NULL/),
    table(
      "prices",
      ["price integer", "price numeric(10,2)"],
      /"price numeric\(10,2\) not null", expected price integer/,
    ),
    table("prices", ["price integer", "price bigint"], /"price bigint not null", expected price integer NOT NULL/),
    table("prices", ["price integer NOT", "price integer DEFAULT 0 NOT"], /"price integer default 0 not null"/),
    table("prices", ["day date NOT NULL", "day date"], /"day date", expected day date NOT NULL/),
    table("prices", ["    day date NOT NULL,\n", ""], /lacks the column day, expected orig_code text NOT NULL, dest/),
    table(
      "prices",
      ["integer NOT NULL\n)", "integer NOT NULL\n) PARTITION BY RANGE (day)"],
      /followed by "partition by/,
    ),
    table("prices", ["integer NOT NULL\n)", "integer NOT NULL\n)\nINHERITS (public.ports)"], /followed by "inherits/),
    table(
      "regions",
      ["slug text\n", "slug text NOT NULL\n"],
      /"parent_slug text not null", expected parent_slug text$/,
    ),
    table(
      "ports",
      ["name text NOT NULL,", "name text NOT NULL, country text,"],
      /"country text", expected only the columns/,
    ),
  ])("$title", expectRefusal);

  test.each<BadDump>([
    key("FOREIGN KEY (dest_code) REFERENCES public.regions(slug)", /prices_dest_code_fkey .*expected only FOREIGN KEY/),
    key("FOREIGN KEY (dest_code) REFERENCES sales.ports(code)", /prices_dest_code_fkey .*expected only FOREIGN KEY/),
    key("FOREIGN KEY (dest_code) REFERENCES public.ports(code) ON DELETE CASCADE", /on delete cascade", expected only/),
    key("FOREIGN KEY (dest_code) REFERENCES public.ports(code) NOT VALID", /not valid", expected only/),
    key("CHECK ((price > 0))", /"check \( \( price > 0 \) \)", expected only/),
  ])("$title", expectRefusal);

  test.each<BadDump>([
    copy("COPY public.ports (code, name, parent_slug) FROM '/etc/passwd';", /unexpected statement "COPY public.ports/),
    copy("COPY public.ports (code, name, parent_slug) FROM stdin WITH (FORMAT csv);", /without options/),
    copy("COPY public.ports (code, title, parent_slug) FROM stdin;", /title, parent_slug, expected code, name, parent/),
    copy("COPY public.ports (code, parent_slug) FROM stdin;", /has the columns code, parent_slug, expected/),
    copy(
      "COPY public.ports (code, code, parent_slug) FROM stdin;",
      /has the columns code, code, parent_slug, expected/,
    ),
    copy("COPY public.ports (code, name, parent_slug) FROM stdin; SELECT", /has more on its line/),
  ])("$title", expectRefusal);

  test("a table in another schema by the search path", async () => {
    const content = `${SAMPLE_DUMP}SET search_path = sales, pg_catalog;\nCREATE TABLE prices (id integer);\n`;
    const reason = /table prices is in the schema sales, expected public.prices/;
    await expectRefusal({ title: "", content, at: "CREATE TABLE prices", reason });
  });

  test("rows of a table that it does not create", async () => {
    const content = changedSample(/CREATE TABLE public.ports [\s\S]*?;/, "");
    const reason = /public.ports is used before it is created; .*without --data-only/;
    await expectRefusal({ title: "", content, at: "COPY public.ports", reason });
  });
});

/**
 * The text that pg_dump 13.5 writes with --no-owner --no-privileges (PostgreSQL, src/bin/pg_dump), as far as these
 * tables need it. Nothing here knows what is in the tables.
 */

/** A table, its columns as pg_dump declares them, and its rows; null is SQL's NULL. */
export interface DumpTable {
  readonly name: string;
  /** Column name to declaration, such as `text NOT NULL`. */
  readonly columns: Readonly<Record<string, string>>;
  readonly rows: Iterable<readonly (string | number | null)[]>;
}

export interface DumpConstraint {
  readonly table: string;
  readonly name: string;
  /** Such as `PRIMARY KEY (code)`. */
  readonly definition: string;
}

export interface DumpContent {
  /** By name. */
  readonly tables: readonly DumpTable[];
  readonly primaryKeys: readonly DumpConstraint[];
  /** By table and name. */
  readonly foreignKeys: readonly DumpConstraint[];
}

const VERSION = "13.5";

const PREAMBLE = `--
-- PostgreSQL database dump
--

-- Dumped from database version ${VERSION}
-- Dumped by pg_dump version ${VERSION}

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

`;

const TRAILER = `--
-- PostgreSQL database dump complete
--

`;

/** How many rows make one piece of text: some 30 kB, few enough writes and little memory. */
const ROWS_PER_PIECE = 1000;

/** The dump, in pieces to be written one after the other. */
export function* dumpText({ tables, primaryKeys, foreignKeys }: DumpContent): Generator<string> {
  yield PREAMBLE;
  for (const table of tables) yield tableText(table);
  for (const table of tables) yield* dataText(table);
  for (const key of primaryKeys) yield constraintText(key, "CONSTRAINT");
  for (const key of foreignKeys) yield constraintText(key, "FK CONSTRAINT");
  yield TRAILER;
}

function tableText({ name, columns }: DumpTable): string {
  const lines = Object.entries(columns).map(([column, declaration]) => `    ${column} ${declaration}`);
  return `${heading(`Name: ${name}`, "TABLE")}CREATE TABLE public.${name} (\n${lines.join(",\n")}\n);\n\n\n`;
}

function* dataText({ name, columns, rows }: DumpTable): Generator<string> {
  yield heading(`Data for Name: ${name}`, "TABLE DATA");
  yield `COPY public.${name} (${Object.keys(columns).join(", ")}) FROM stdin;\n`;
  let lines: string[] = [];
  for (const row of rows) {
    lines.push(`${row.map(copyField).join("\t")}\n`);
    if (lines.length === ROWS_PER_PIECE) {
      yield lines.join("");
      lines = [];
    }
  }
  yield `${lines.join("")}\\.\n\n\n`;
}

function constraintText({ table, name, definition }: DumpConstraint, type: string): string {
  const statement = `ALTER TABLE ONLY public.${table}\n    ADD CONSTRAINT ${name} ${definition};`;
  return `${heading(`Name: ${table} ${name}`, type)}${statement}\n\n\n`;
}

function heading(name: string, type: string): string {
  return `--\n-- ${name}; Type: ${type}; Schema: public; Owner: -\n--\n\n`;
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** COPY's text format (PostgreSQL, "COPY", section "Text Format"). */
function copyField(value: string | number | null): string {
  if (value === null) return "\\N";
  return String(value).replace(/[\\\t\n\r]/g, (character) => ESCAPES[character] ?? character);
}

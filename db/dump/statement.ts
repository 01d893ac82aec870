import type { Statement } from "./scanner";

/** A table as the dump names it; without a schema the search path decides. */
export interface TableReference {
  readonly schema: string | undefined;
  readonly table: string;
}

/** What a statement of a dump means to the reader. */
export type Meaning =
  | { readonly kind: "nothing" }
  | { readonly kind: "search path"; readonly schema: string | undefined }
  | {
      readonly kind: "table";
      readonly of: TableReference;
      readonly columns: ReadonlyMap<string, string>;
      /** What comes after the columns. */
      readonly rest: string;
    }
  | { readonly kind: "constraint"; readonly of: TableReference; readonly name: string; readonly definition: string }
  | { readonly kind: "index"; readonly of: TableReference }
  | { readonly kind: "copy"; readonly of: TableReference; readonly columns: readonly string[] };

/** One name, be it in quotes. */
const NAME = String.raw`(?:[^\s"]+|"(?:[^"]|"")+")`;
const TABLE = String.raw`(?:(?<schema>\S+) \. )?(?<table>\S+)`;

/** Session settings, owners, rights and comments: they are not data, and a role they name may not exist here. */
const MEANINGLESS = [
  /^$/,
  /^\\(un)?restrict /,
  /^set (?!client_encoding |standard_conforming_strings |search_path )/,
  /^set client_encoding (=|to) '(utf-?8|unicode)'$/i,
  /^set standard_conforming_strings (=|to) '?on'?$/,
  /^create extension (if not exists )?plpgsql\b/,
  /^create schema (if not exists )?public$/,
  /^comment on /,
  /^alter .+ owner to /,
  /^alter default privileges /,
  /^(grant|revoke) /,
];

/** What pg_dump writes when it was asked for something else, and what to ask it for. */
const REFUSED: readonly (readonly [RegExp, string])[] = [
  [/^set client_encoding /, "make the dump again with pg_dump --encoding=UTF8"],
  [/^set standard_conforming_strings /, "make the dump again with standard_conforming_strings = on"],
  [/^insert into /, "make the dump again without --inserts and --column-inserts"],
  [/^(drop |alter table .* drop )/, "make the dump again without --clean"],
  [/^(create database|alter database|\\connect)\b/, "make the dump again without --create"],
  [/^(create|alter) role /, "make the dump with pg_dump of the one database instead of pg_dumpall"],
  [/^create unique index /, "a unique index is not part of the schema: drop it before pg_dump"],
  [/^copy .* from stdin /, "expected COPY ... FROM stdin without options, as pg_dump writes it"],
];

type Groups = Readonly<Record<string, string | undefined>>;

const MEANINGS: readonly (readonly [RegExp, (found: Groups) => Meaning])[] = [
  [/^select pg_catalog \. set_config \( 'search_path' , '(?<path>.*?)' , false \)$/, searchPath],
  [/^set search_path (=|to) (?<path>.+)$/, searchPath],
  [new RegExp(`^create table ${TABLE} \\( (?<body>.+)$`), createTable],
  [new RegExp(`^alter table (?:only )?${TABLE} add constraint (?<name>${NAME}) (?<definition>.+)$`), addConstraint],
  [new RegExp(`^create index ${NAME} on (?:only )?${TABLE} `), (found) => ({ kind: "index", of: reference(found) })],
  [new RegExp(`^copy ${TABLE} \\( (?<columns>.+) \\) from stdin$`), copy],
];

/** A statement that the reader does not take, and what to do where that is known. */
export interface Refusal {
  readonly kind: "refused";
  readonly next: string | undefined;
}

export function recognise({ words }: Statement): Meaning | Refusal {
  if (MEANINGLESS.some((pattern) => pattern.test(words))) return { kind: "nothing" };
  for (const [pattern, meaning] of MEANINGS) {
    const found = pattern.exec(words);
    if (found) return meaning(found.groups ?? {});
  }
  return { kind: "refused", next: REFUSED.find(([pattern]) => pattern.test(words))?.[1] };
}

/** Names are looked up in the first schema of the path. */
function searchPath({ path = "" }: Groups): Meaning {
  const first = path.split(",")[0]?.replaceAll(/['"\s]/g, "");
  return { kind: "search path", schema: first || undefined };
}

function createTable(found: Groups): Meaning {
  const { declarations, rest } = splitBody(found["body"]?.split(" ") ?? []);
  const columns = declarations.map(([name = "", ...declaration]) => {
    return [name, declaration.join(" ").replace(/ ?([(,]) | (?=\))/g, "$1")] as const;
  });
  return { kind: "table", of: reference(found), columns: new Map(columns), rest };
}

/** Cuts what comes after the opening parenthesis at its commas, up to the closing one; a type may hold both. */
function splitBody(words: readonly string[]): { declarations: string[][]; rest: string } {
  const declarations: string[][] = [[]];
  let depth = 1;
  for (const [index, word] of words.entries()) {
    depth += Number(word === "(") - Number(word === ")");
    if (depth === 0) return { declarations, rest: words.slice(index + 1).join(" ") };
    if (depth === 1 && word === ",") declarations.push([]);
    else declarations.at(-1)?.push(word);
  }
  return { declarations, rest: "" };
}

function addConstraint(found: Groups): Meaning {
  const { name = "", definition = "" } = found;
  return { kind: "constraint", of: reference(found), name, definition };
}

function copy(found: Groups): Meaning {
  return { kind: "copy", of: reference(found), columns: (found["columns"] ?? "").split(" , ") };
}

function reference({ schema, table = "" }: Groups): TableReference {
  return { schema, table };
}

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dumpText } from "../dataset/pg-dump";
import { checkDump } from "./check";
import { DumpError } from "./error";

/** The smallest dump that has everything, for tests to break. */
export const SAMPLE_DUMP = [
  ...dumpText({
    tables: [
      {
        name: "ports",
        columns: { code: "text NOT NULL", name: "text NOT NULL", parent_slug: "text NOT NULL" },
        rows: [
          ["CNGGZ", "Guangzhou", "china"],
          ["EETLL", "Tallinn", "baltic"],
        ],
      },
      {
        name: "prices",
        columns: {
          orig_code: "text NOT NULL",
          dest_code: "text NOT NULL",
          day: "date NOT NULL",
          price: "integer NOT NULL",
        },
        rows: [
          ["CNGGZ", "EETLL", "2021-01-01", 1100],
          ["CNGGZ", "EETLL", "2021-01-02", 1200],
          ["CNGGZ", "EETLL", "2021-01-03", 1300],
        ],
      },
      {
        name: "regions",
        columns: { slug: "text NOT NULL", name: "text NOT NULL", parent_slug: "text" },
        rows: [
          ["china", "China", null],
          ["europe", "Europe", null],
          ["baltic", "Baltic", "europe"],
        ],
      },
    ],
    primaryKeys: [
      { table: "ports", name: "ports_pkey", definition: "PRIMARY KEY (code)" },
      { table: "regions", name: "regions_pkey", definition: "PRIMARY KEY (slug)" },
    ],
    foreignKeys: [
      {
        table: "ports",
        name: "ports_parent_slug_fkey",
        definition: "FOREIGN KEY (parent_slug) REFERENCES public.regions(slug)",
      },
      {
        table: "prices",
        name: "prices_dest_code_fkey",
        definition: "FOREIGN KEY (dest_code) REFERENCES public.ports(code)",
      },
      {
        table: "prices",
        name: "prices_orig_code_fkey",
        definition: "FOREIGN KEY (orig_code) REFERENCES public.ports(code)",
      },
      {
        table: "regions",
        name: "regions_parent_slug_fkey",
        definition: "FOREIGN KEY (parent_slug) REFERENCES public.regions(slug)",
      },
    ],
  }),
].join("");

/** The sample with one place changed. @throws Error where the place is not there, since the test would then test nothing */
export function changedSample(from: string | RegExp, to: string): string {
  const changed = SAMPLE_DUMP.replace(from, () => to);
  if (changed === SAMPLE_DUMP) throw new Error(`the sample dump has no ${from}`);
  return changed;
}

/** The line that a text begins on. */
export function lineOf(dump: string, text: string): number {
  const at = dump.indexOf(text);
  if (at === -1) throw new Error(`the dump has no ${JSON.stringify(text)}`);
  return dump.slice(0, at).split("\n").length;
}

/** A file with that content in a folder of its own; `using` removes both. */
export function dumpFile(content: string | Buffer): { readonly path: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), "rates-dump-"));
  const path = join(folder, "rates.sql");
  writeFileSync(path, content);
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

/** A file that is no dump, or not one of this schema. */
export interface BadDump {
  readonly title: string;
  readonly content: string | Buffer;
  /** The line to blame, or a text that begins on it. */
  readonly at: number | string;
  readonly reason: RegExp;
}

/** A dump must be refused with file, line and reason. */
export async function expectRefusal({ content, at, reason }: BadDump): Promise<void> {
  using file = dumpFile(content);
  const error = await refusalOf(file.path);
  assert.match(error.reason, reason);
  assert.equal(error.line, typeof at === "number" ? at : lineOf(content.toString(), at), error.message);
  assert.equal(error.message, `${file.path}:${error.line}: ${error.reason}`);
}

/** @throws Error when the dump is taken, or refused with another error */
export async function refusalOf(path: string): Promise<DumpError> {
  const error = await checkDump(path).catch((refusal: unknown) => refusal);
  if (error instanceof DumpError) return error;
  throw new Error("the dump was taken, or refused with another error", { cause: error });
}

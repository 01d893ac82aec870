import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/folder";
import { type BadDump, expectRefusal, refusalOf, SAMPLE_DUMP } from "./sample-dump";

/** Refused at its first line. */
function file(title: string, content: string | Buffer, reason: RegExp): BadDump {
  return { title, content, at: 1, reason };
}

describe("a file is refused with file, line and reason when it is", () => {
  test.each<BadDump>([
    file("empty", "", /the file is empty; make it again with pg_dump/),
    file("compressed with gzip", gzipSync(SAMPLE_DUMP), /gzip, expected plain SQL; .*gunzip/),
    file("in pg_dump's custom format", "PGDMP\x01\x0e\x00", /custom format.*pg_restore/),
    file("in pg_dump's tar format", `toc.dat${"\0".repeat(93)}`, /tar format.*pg_restore/),
    file("UTF-16", Buffer.from(`\ufeff${SAMPLE_DUMP}`, "utf16le"), /UTF-16.*--file/),
    file("marked with a byte order mark", `\ufeff${SAMPLE_DUMP}`, /byte order mark/),
    file("a picture", Buffer.from("89504e470d0a1a0a0000000d", "hex"), /binary, expected plain SQL/),
    file("binary", Buffer.from([1, 2, 0, 4]), /binary, expected plain SQL/),
    file("written with CR LF", SAMPLE_DUMP.replaceAll("\n", "\r\n"), /CR LF.*sed -i/),
    file("prose", "Dear all,\nhere are the rates.\n", /no dump: it begins with "Dear all, here are/),
    file("prose with a semicolon", "Hello; world\n", /no dump: it begins with "Hello"/),
    file("JSON", '{"rates": [1, 2, 3]}\n', /no dump: it begins with/),
    file("of MySQL", "/*!40101 SET NAMES utf8 */;\n-- MySQL dump\n", /no dump: it begins with/),
    file("one endless line", "x".repeat(3 * 2 ** 20), /a line of more than 1048576 bytes/),
    file("one endless statement", "x y\n".repeat(2 ** 19), /a statement of more than 1048576 characters: "x y x y/),
  ])("$title", expectRefusal);

  test("nothing but comments", async () => {
    await expectRefusal({
      title: "",
      content: "-- a\n-- b\n",
      at: 2,
      reason: /without the line .* no table public.ports/,
    });
  });

  test("written with CR LF from some line on", async () => {
    const at = SAMPLE_DUMP.indexOf("CREATE TABLE");
    const content = SAMPLE_DUMP.slice(0, at) + SAMPLE_DUMP.slice(at).replaceAll("\n", "\r\n");
    await expectRefusal({ title: "", content, at: "CREATE TABLE", reason: /CR LF.*sed -i/ });
  });
});

describe("a path is refused by name when it is", () => {
  test("nothing", async () => {
    const error = await refusalOf("/nowhere/rates.sql");
    expect(error.message).toBe("/nowhere/rates.sql: there is no such file; name a dump that pg_dump has made");
    expect(error.line).toBe(0);
  });

  test("a directory", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "rates.sql");
    mkdirSync(path);
    expect((await refusalOf(path)).message).toBe(`${path}: this is a directory; name the dump itself`);
  });
});

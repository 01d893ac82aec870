import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readSources } from "./sources";

/** A folder with files in it, removed at the end of the test. */
function folder(files: Readonly<Record<string, string>>): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "rates-config-"));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

const names = ["A", "B", "C", "D"];

describe("where the configuration comes from", () => {
  test("the environment wins over CONFIG_FILE, which wins over .env, and each value knows its source", () => {
    using directory = folder({ "my.conf": "A=file\nB='file with # sign'\n", ".env": "A=dotenv\nB=dotenv\nC=dotenv\n" });
    const { values, origins } = readSources(names, {
      env: { CONFIG_FILE: "my.conf", A: "env" },
      directory: directory.path,
    });
    expect(values).toEqual({ A: "env", B: "file with # sign", C: "dotenv", D: undefined });
    expect(origins).toEqual({
      A: { source: "environment" },
      B: { source: "CONFIG_FILE", file: join(directory.path, "my.conf") },
      C: { source: ".env", file: join(directory.path, ".env") },
      D: { source: "default" },
    });
  });

  test("an empty value wins, too: it is how a default is asked for", () => {
    using directory = folder({ ".env": "A=dotenv\n" });
    const { values, origins } = readSources(["A"], { env: { A: "" }, directory: directory.path });
    expect(values.A).toBe("");
    expect(origins.A).toEqual({ source: "environment" });
  });

  test("a CONFIG_FILE that is missing is an error that names the file", () => {
    using directory = folder({});
    const read = () => readSources(names, { env: { CONFIG_FILE: "absent.conf" }, directory: directory.path });
    expect(read).toThrow(`CONFIG_FILE names ${join(directory.path, "absent.conf")}, which cannot be read`);
  });

  test("without any file the environment alone is read", () => {
    using directory = folder({});
    expect(readSources(["A"], { env: { A: "1" }, directory: directory.path }).values).toEqual({ A: "1" });
  });
});

import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import { runCommand } from "./command";

const work = { signal: new AbortController().signal };

function node(code: string) {
  return { what: "Asking", program: process.execPath, args: ["-e", code], cwd: tmpdir() };
}

describe("a tool that a build runs", () => {
  test("gives its standard output, and every line of standard error to whoever watches", async () => {
    const lines: string[] = [];
    const command = {
      ...node("console.log('out'); console.error('one\\ntwo')"),
      onLine: (line: string) => lines.push(line),
    };
    expect(await runCommand(command, work)).toBe("out");
    expect(lines).toEqual(["one", "two"]);
  });

  test("that fails is a Problem with what was done, the exit code and the end of both outputs", async () => {
    const code = "for (let i = 0; i < 50; i++) console.log('line ' + i); console.error('the reason'); process.exit(3)";
    const failure = runCommand(node(code), work);
    await expect(failure).rejects.toThrow(/^Asking failed: .* \(exit code 3\)\./);
    await expect(failure).rejects.toThrow("the reason");
    await expect(failure).rejects.not.toThrow("line 20\n");
  });

  test("that is not there is a Problem that says so", async () => {
    await expect(runCommand({ ...node(""), program: "/nowhere/tool" }, work)).rejects.toThrow("ENOENT");
  });

  test("ends when the command is interrupted, with the reason of that", async () => {
    const interruption = new AbortController();
    const command = {
      ...node("console.error('up'); setInterval(() => {}, 1000)"),
      onLine: () => interruption.abort(new Error("Ctrl-C")),
    };
    await expect(runCommand(command, interruption)).rejects.toThrow("Ctrl-C");
  });
});

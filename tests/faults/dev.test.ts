import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cloneCheckout } from "../support/clone";
import { collect, copiesFolder, interrupting } from "../support/copies";
import { until } from "../support/until";

const HELLO = "Hello world!";

describe("make dev: a saved file is answered by the changed code", () => {
  test("a change shows, a syntax error and a crash keep the last good version, no request is refused, the copy is left alone", async () => {
    using clone = await cloneCheckout();
    await using copies = copiesFolder({ root: clone.root });
    expect((await copies.copy(["up"])).exitCode).toBe(0);
    const copyUrl = (await copies.status("dev"))?.url;
    const source = join(clone.root, "rates", "src", "platform", "http", "routes.ts");
    const original = readFileSync(source, "utf8");
    expect(original).toContain(HELLO);
    const command = copies.copy(["dev", "dev"], { timeout: 0 });
    await using ended = interrupting(command);
    const output = collect(command);
    const url = await until("dev to say its address", async () => output().match(/dev: (http:\S+) runs/)?.[1]);
    await using load = keepAsking(`${url}/`);

    writeFileSync(source, original.replaceAll(HELLO, "Hello change!"));
    await until("the changed answer", async () => (await ask(url)) === "Hello change!");

    writeFileSync(source, `${original}\nthis is no TypeScript(`);
    await until("the syntax error to be shown", async () => /ERROR.*routes\.ts:\d+:\d+:/s.test(output()));
    expect(await ask(url)).toBe("Hello change!");

    writeFileSync(source, `${original}\nthrow new Error("crash at start");`);
    await until("the crash to be shown", async () => output().includes("crash at start"));
    await until("the old version to be kept", async () => output().split("the last good version keeps").length === 3);
    expect(await ask(url)).toBe("Hello change!");

    writeFileSync(source, original.replaceAll(HELLO, "Hello again!"));
    await until("the mended answer", async () => (await ask(url)) === "Hello again!");
    expect(load.failures()).toEqual([]);
    expect(await ask(copyUrl)).toBe(HELLO);

    await ended[Symbol.asyncDispose]();
    await expect(fetch(`${url}/`)).rejects.toThrow();
  });
});

async function ask(url: string | null | undefined): Promise<string> {
  return ((await (await fetch(`${url}/`)).json()) as { message: string }).message;
}

/** Asks one question after the other, on a connection each, until it is disposed. */
function keepAsking(url: string): { failures(): string[] } & AsyncDisposable {
  const failures: string[] = [];
  let asking = true;
  const done = (async () => {
    while (asking) {
      const response = await fetch(url, { headers: { connection: "close" } }).catch((error: Error) => error);
      if (response instanceof Error) failures.push(String(response.cause ?? response));
      else await response.arrayBuffer();
    }
  })();
  const stop = async () => {
    asking = false;
    await done;
  };
  return { failures: () => failures, [Symbol.asyncDispose]: stop };
}

import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { describe, expect, test } from "vitest";
import { canBind, nextFreePort, requireFreePort } from "./ports";

/** A server on `127.0.0.1`, on any free port unless told which; `await using` closes it. */
async function listener(port = 0): Promise<{ port: number } & AsyncDisposable> {
  const server: Server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { port: address.port, [Symbol.asyncDispose]: async () => void server.close() };
}

describe("the port ledger", () => {
  test("passes over ports that are promised and ports that are bound", async () => {
    await using taken = await listener(21_500);
    const range = { first: taken.port, last: taken.port + 20 };
    const free = await nextFreePort({ range, reserved: new Map([[taken.port + 1, 'copy "qa"']]) });
    expect(free).toBeGreaterThan(taken.port + 1);
    expect(await canBind(free)).toBe(true);
  });

  test("a range that is used up is an error with the next step", async () => {
    await using taken = await listener();
    const range = { first: taken.port, last: taken.port };
    await expect(nextFreePort({ range, reserved: new Map() })).rejects.toThrow(
      `Every port from ${taken.port} to ${taken.port} is taken (0 of them are promised to copies). Take a copy down`,
    );
  });

  test("an explicit port of another copy is refused by that copy's name", async () => {
    await expect(requireFreePort(3999, { reserved: new Map([[3999, 'copy "qa"']]) })).rejects.toThrow(
      'Port 3999 belongs to copy "qa"',
    );
  });

  test("an explicit port that is taken is refused with the holder's command and pid", async () => {
    await using taken = await listener();
    await expect(requireFreePort(taken.port, { reserved: new Map() })).rejects.toThrow(
      new RegExp(`Port ${taken.port} is taken by .*node.* \\(pid ${process.pid}\\)`),
    );
  });
});

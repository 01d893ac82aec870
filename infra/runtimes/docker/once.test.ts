import { expect, test } from "vitest";
import { Once } from "./once";

test("one question is asked once, also while it is being answered; another one is asked for itself", async () => {
  const once = new Once<string>();
  const asked: string[] = [];
  const ask = (key: string) =>
    once.ask(key, async () => {
      asked.push(key);
      return `answer to ${key}`;
    });
  expect(await Promise.all([ask("a"), ask("a"), ask("b")])).toEqual(["answer to a", "answer to a", "answer to b"]);
  expect(await ask("a")).toBe("answer to a");
  expect(asked).toEqual(["a", "b"]);
});

test("a question that failed is asked again", async () => {
  const once = new Once<string>();
  await expect(once.ask("a", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await once.ask("a", async () => "yes")).toBe("yes");
});

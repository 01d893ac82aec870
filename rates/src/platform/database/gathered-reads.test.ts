import { describe, expect, test } from "vitest";
import { GatheredReads } from "./gathered-reads";

/** Statements that are answered when the test says so. */
class Statements {
  readonly asked: (readonly number[])[] = [];
  readonly #ends: ((error?: Error) => void)[] = [];

  readonly ask = (questions: readonly number[]): Promise<readonly string[]> => {
    this.asked.push(questions);
    return new Promise((resolve, reject) => {
      this.#ends.push((error) => (error ? reject(error) : resolve(questions.map((question) => `answer ${question}`))));
    });
  };

  end(statement: number, error?: Error): void {
    this.#ends[statement]?.(error);
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Asks all of them in one turn and lets them be sent. */
async function readAll(reads: GatheredReads<number, string>, ...questions: number[]): Promise<Promise<string>[]> {
  const answers = questions.map((question) => reads.read(question));
  for (const answer of answers) answer.catch(() => {});
  await turn();
  return answers;
}

describe("reads that are gathered", () => {
  test("those of one turn are one statement, and each gets its own answer", async () => {
    const statements = new Statements();
    const reads = new GatheredReads(statements.ask, { most: 10 });
    const answers = await readAll(reads, 1, 2, 3);
    statements.end(0);
    expect(await Promise.all(answers)).toEqual(["answer 1", "answer 2", "answer 3"]);
    expect(statements.asked).toEqual([[1, 2, 3]]);
  });

  test("more than one statement takes are sent as several", async () => {
    const statements = new Statements();
    await readAll(new GatheredReads(statements.ask, { most: 2 }), 1, 2, 3);
    expect(statements.asked).toEqual([[1, 2], [3]]);
  });

  test("those that come while two statements are under way wait and go together", async () => {
    const statements = new Statements();
    const reads = new GatheredReads(statements.ask, { most: 10 });
    await readAll(reads, 1);
    await readAll(reads, 2);
    const third = await readAll(reads, 3);
    const fourth = await readAll(reads, 4);
    expect(statements.asked).toEqual([[1], [2]]);
    statements.end(1);
    await turn();
    statements.end(2);
    expect(await Promise.all([...third, ...fourth])).toEqual(["answer 3", "answer 4"]);
    expect(statements.asked).toEqual([[1], [2], [3, 4]]);
  });

  test("with one read a statement nothing waits for anything", async () => {
    const statements = new Statements();
    await readAll(new GatheredReads(statements.ask, { most: 1 }), 1, 2, 3, 4, 5);
    expect(statements.asked).toEqual([[1], [2], [3], [4], [5]]);
  });

  test("a statement that fails fails its own reads alone", async () => {
    const statements = new Statements();
    const reads = new GatheredReads(statements.ask, { most: 10 });
    const lost = await readAll(reads, 1, 2);
    const sound = await readAll(reads, 3);
    statements.end(0, new Error("lost"));
    statements.end(1);
    expect(await Promise.allSettled(lost)).toMatchObject([
      { reason: { message: "lost" } },
      { reason: { message: "lost" } },
    ]);
    expect(await Promise.all(sound)).toEqual(["answer 3"]);
  });

  test("statements that are stuck hold later reads up for a moment only", async () => {
    const statements = new Statements();
    const reads = new GatheredReads(statements.ask, { most: 10 });
    await readAll(reads, 1);
    await readAll(reads, 2);
    await readAll(reads, 3);
    await expect.poll(() => statements.asked).toEqual([[1], [2], [3]]);
  });

  test("an answer that is missing is an error and no wait for ever", async () => {
    const reads = new GatheredReads<number, string>(async () => ["only one"], { most: 10 });
    const [first, second] = await readAll(reads, 1, 2);
    expect(await first).toBe("only one");
    await expect(second).rejects.toThrow("2 questions got 1 answers");
  });
});

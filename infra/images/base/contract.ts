import { setTimeout as delay } from "node:timers/promises";
import { askEngine, type EngineAnswer, useEngine } from "../engine";

/** One thing a Dockerfile may rely on, whichever of the pair it is built on. Clauses are asked in order. */
export type Clause = Question | Background;

interface Question extends Command {
  /** What the answer has to look like. */
  readonly expect: RegExp;
  /** Given to the command's standard input. */
  readonly input?: string;
  /** Asked again until then, for what needs a moment to start, in ms. */
  readonly withinMs?: number;
}

/** Started and left running for the questions after it, which show whether it works. */
interface Background extends Command {
  readonly background: true;
}

interface Command {
  /** The promise, in words. */
  readonly says: string;
  /** Program and arguments, run in the container. */
  readonly run: readonly string[];
  /** The user; otherwise the image's own. */
  readonly as?: string;
}

/** The container ends by itself after this many seconds, should its command be killed before it removes it. */
const LIFETIME_S = "120";
const POLL_MS = 100;

/**
 * Runs the image and asks everything its contract promises.
 * @param image name or ID in the engine
 * @returns what is not so, one line a clause; empty when the contract is met
 */
export async function checkContract(
  image: string,
  contract: readonly Clause[],
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const start = ["run", "--detach", "--rm", "--network", "none", "--label", "rates.contract", "--entrypoint", "sleep"];
  const container = (await useEngine([...start, image, LIFETIME_S], { signal })).trim();
  const breaches: string[] = [];
  try {
    for (const clause of contract) {
      const { ok, all } = await askClause(container, clause, signal);
      if (!ok) breaches.push(`${clause.says}: ${clause.run.join(" ")} answers ${JSON.stringify(all.trim())}`);
    }
  } finally {
    await askEngine(["rm", "--force", container]);
  }
  return breaches;
}

type Verdict = Pick<EngineAnswer, "ok" | "all">;

async function askClause(container: string, clause: Clause, signal: AbortSignal | undefined): Promise<Verdict> {
  const user = clause.as ? ["--user", clause.as] : [];
  if ("background" in clause) return askEngine(["exec", "--detach", ...user, container, ...clause.run], { signal });
  const { input = "", withinMs = 0 } = clause;
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await askEngine(["exec", "--interactive", ...user, container, ...clause.run], { input, signal });
    const ok = answer.ok && clause.expect.test(answer.all.trim());
    if (ok || Date.now() >= deadline) return { ok, all: answer.all };
    await delay(POLL_MS);
  }
}

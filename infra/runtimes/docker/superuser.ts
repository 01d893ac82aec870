import { createInterface } from "node:readline";
import { execa } from "execa";
import type { Copy } from "../../copies/copy";
import { Problem } from "../../copies/problem";
import { useEngine } from "../../images/engine";
import { listContainers } from "./objects";

/** Statements reach psql through its standard input: arguments are in every process list. */
const PSQL = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"];

/** The official image has no socket elsewhere, and over TCP a password would be asked for. */
const PLACE = ["--host", "/tmp", "--username", "postgres", "--dbname", "postgres"];

/** The container of one of a copy's two servers. @throws Problem when it does not run */
export async function serverContainer(
  { checkout, record: { name } }: Copy,
  wanted: "database" | "queue",
): Promise<string> {
  const containers = await listContainers(checkout, name);
  const server = containers.find(({ role, state }) => role === wanted && state === "running");
  if (server) return server.id;
  throw new Problem(`The ${wanted} of copy "${name}" does not run. Bring it up: make up COPY=${name}`);
}

/** Runs statements inside a database's container, one after the other, as the superuser. @returns what they print */
export function runAsSuperuser(container: string, script: string): Promise<string> {
  return useEngine(psql(container), { input: script });
}

/** A session of the superuser that stays open. It ends with this process, however that ends: its input is then closed. */
export interface SuperuserSession extends AsyncDisposable {
  /** @returns the lines that a statement prints, fields separated by `|` */
  ask(statement: string): Promise<string[]>;
}

/** What psql is told to print after each answer. No value looks like this. */
const END_OF_ANSWER = "\u0001end of answer";

export function openAsSuperuser(container: string): SuperuserSession {
  const running = execa("docker", psql(container), { reject: false, buffer: { stdout: false } });
  const lines = createInterface({ input: running.stdout })[Symbol.asyncIterator]();
  async function ask(statement: string): Promise<string[]> {
    running.stdin.write(`${statement};\n\\echo '${END_OF_ANSWER}'\n`);
    const answer: string[] = [];
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Problem(`The database refused: ${statement}\n${(await running).stderr}`);
      if (value === END_OF_ANSWER) return answer;
      answer.push(value);
    }
  }
  return {
    ask,
    async [Symbol.asyncDispose]() {
      running.stdin.end();
      await running;
    },
  };
}

function psql(container: string): string[] {
  return ["exec", "--interactive", "--user", "postgres", container, ...PSQL, ...PLACE];
}

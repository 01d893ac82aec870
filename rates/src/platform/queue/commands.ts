import type { Command } from "commander";
import { loadConfig, readEnvironment } from "../../config";
import { type ParkedMessage, Queue, type QueueStatistics } from "./queue";

interface Output {
  readonly json: boolean;
}

interface Choice extends Output {
  readonly all: boolean;
}

/** `rates queue list`, `retry` and `drop`. */
export function queueCommands(program: Command): void {
  const queue = program.command("queue").description("messages that wait, and those that failed too often");
  queue
    .command("list")
    .description("every queue with its messages by state, or the parked messages of one with their reasons")
    .argument("[name]", "a queue")
    .option("--json", "for scripts", false)
    .action(list);
  queue
    .command("retry")
    .description("give parked messages one more attempt")
    .argument("<name>", "the queue")
    .argument("[ids...]", "the messages")
    .option("--all", "all that are parked", false)
    .option("--json", "for scripts", false)
    .action((name: string, ids: string[], choice: Choice) => settle("retry", { name, ids, ...choice }));
  queue
    .command("drop")
    .description("remove parked messages for good")
    .argument("<name>", "the queue")
    .argument("[ids...]", "the messages")
    .option("--all", "all that are parked", false)
    .option("--json", "for scripts", false)
    .action((name: string, ids: string[], choice: Choice) => settle("drop", { name, ids, ...choice }));
}

async function list(name: string | undefined, { json }: Output): Promise<void> {
  await using queue = openQueue();
  const queues = await queue.statistics();
  if (name === undefined) return print(queues, { json, line: lineOf, none: "No queue has been used yet." });
  requireQueue(queues, name);
  print(await queue.parked(name), { json, line: parkedLineOf, none: `No message of ${name} is parked.` });
}

interface Settlement extends Choice {
  readonly name: string;
  readonly ids: readonly string[];
}

async function settle(verb: "retry" | "drop", { name, ids, all, json }: Settlement): Promise<void> {
  await using queue = openQueue();
  requireQueue(await queue.statistics(), name);
  const parked = (await queue.parked(name)).map(({ id }) => id);
  const unknown = ids.filter((id) => !parked.includes(id));
  if (unknown.length > 0) {
    throw new Error(`Not parked in ${name}: ${unknown.join(", ")}. What is: rates queue list ${name}`);
  }
  if (ids.length === 0 && !all)
    throw new Error(`Name messages of ${name}, or say --all. They are: rates queue list ${name}`);
  const chosen = all ? parked : ids;
  if (chosen.length > 0) await queue[verb](name, chosen);
  const done = { retry: "goes back to the queue", drop: "is removed" }[verb];
  print(chosen, { json, line: (id) => `${id} ${done}`, none: `No message of ${name} is parked.` });
}

/** For one command; `await using` closes it. */
function openQueue(): Queue & AsyncDisposable {
  const queue = new Queue(loadConfig(readEnvironment().values), () => {});
  return Object.assign(queue, { [Symbol.asyncDispose]: () => queue.close() });
}

function requireQueue(queues: readonly QueueStatistics[], name: string): void {
  if (queues.some((queue) => queue.name === name)) return;
  const known =
    queues.length > 0 ? `There is ${queues.map((queue) => queue.name).join(", ")}.` : "None has been used yet.";
  throw new Error(`No queue is called "${name}". ${known}`);
}

interface Printing<Row> extends Output {
  /** A row as people read it. */
  line(row: Row): string;
  /** What is said of no row. */
  readonly none: string;
}

function print<Row>(rows: readonly Row[], { json, line, none }: Printing<Row>): void {
  if (json) console.log(JSON.stringify(rows, null, 2));
  else console.log(rows.length > 0 ? rows.map(line).join("\n") : none);
}

function lineOf({ name, waiting, running, parked, oldest_seconds }: QueueStatistics): string {
  const oldest = oldest_seconds === null ? "" : `, the oldest for ${oldest_seconds} s`;
  return `${name}: ${waiting} waiting${oldest}, ${running} running, ${parked} parked`;
}

function parkedLineOf({ id, parked_at, attempts, characters, reason }: ParkedMessage): string {
  return `${id} ${parked_at.toISOString()} after ${attempts} attempts, ${characters} characters: ${reason}`;
}

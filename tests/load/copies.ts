import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cloneCheckout } from "../support/clone";
import { type CopiesFolder, collect, copiesFolder } from "../support/copies";
import { until } from "../support/until";

/** One row of the table: seconds of each run. */
export interface Measurement {
  readonly what: string;
  /** What must hold, and what we aim at. */
  readonly aim: string;
  readonly figures: readonly number[];
}

const RUNS = 5;

/** How long people wait for copies: each figure is the whole command, from exec to exit. */
export async function measureCopies(): Promise<Measurement[]> {
  const figures = { cold: [], again: [], second: [], status: [], edit: [] } as Record<string, number[]>;
  for (let run = 0; run < RUNS; run += 1) {
    await using copies = copiesFolder();
    figures["cold"]?.push(await timed(copies, ["up"]));
    figures["again"]?.push(await timed(copies, ["up"]));
    figures["second"]?.push(await timed(copies, ["up", "qa"]));
    figures["status"]?.push(await timed(copies, ["status"]));
  }
  figures["edit"]?.push(...(await measureEdits()));
  return [
    row("embedded `up`, cold, to the first right answer of /rates", "< 4 s, aim 2.5 s", figures["cold"]),
    row("embedded `up` of a copy that is up", "< 1.5 s", figures["again"]),
    row("embedded `up` of a second copy", "< 1.5 s, aim 0.7 s", figures["second"]),
    row("`status` of two copies: how fast a command starts", "< 0.5 s", figures["status"]),
    row("`dev`: a saved file to the first changed answer", "< 1 s", figures["edit"]),
  ];
}

function row(what: string, aim: string, figures: readonly number[] = []): Measurement {
  return { what, aim, figures };
}

async function timed(copies: CopiesFolder, args: readonly string[]): Promise<number> {
  const begun = performance.now();
  const { exitCode, all } = await copies.copy(args);
  if (exitCode !== 0) throw new Error(`copy ${args.join(" ")} failed:\n${all}`);
  return (performance.now() - begun) / 1000;
}

async function measureEdits(): Promise<number[]> {
  using clone = await cloneCheckout();
  await using copies = copiesFolder({ root: clone.root });
  await timed(copies, ["up"]);
  const command = copies.copy(["dev", "dev"], { timeout: 0 });
  const output = collect(command);
  const url = await until("dev to say its address", async () => output().match(/dev: (http:\S+) runs/)?.[1]);
  const source = join(clone.root, "rates", "src", "platform", "http", "routes.ts");
  const original = readFileSync(source, "utf8");
  const figures: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const begun = performance.now();
    writeFileSync(source, original.replaceAll("Hello world!", `Hello ${run}!`));
    await until("the changed answer", async () => (await (await fetch(`${url}/`)).text()).includes(`Hello ${run}!`));
    figures.push((performance.now() - begun) / 1000);
  }
  command.kill("SIGINT");
  await command;
  return figures;
}

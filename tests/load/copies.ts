import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findCheckout } from "infra/copies/checkout";
import { docker } from "infra/runtimes/docker/docker";
import { cloneCheckout } from "../support/clone";
import { type CopiesFolder, collect, copiesFolder, interrupting } from "../support/copies";
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
  return [...(await measureEmbedded()), ...(await measureEdits()), ...(await measureDocker())];
}

async function measureEmbedded(): Promise<Measurement[]> {
  const runs = await repeat(async () => {
    await using copies = copiesFolder();
    return {
      cold: await timed(copies, ["up"]),
      again: await timed(copies, ["up"]),
      second: await timed(copies, ["up", "qa"]),
      status: await timed(copies, ["status"]),
      reset: await timed(copies, ["reset"]),
      branch: await timed(copies, ["up", "branch", "--from", "dev"]),
    };
  });
  return [
    row(
      "embedded `up`, cold, to the first right answer of /rates",
      "< 4 s, aim 2.5 s",
      runs.map(({ cold }) => cold),
    ),
    row(
      "embedded `up` of a copy that is up",
      "< 1.5 s",
      runs.map(({ again }) => again),
    ),
    row(
      "embedded `up` of a second copy",
      "< 1.5 s, aim 0.7 s",
      runs.map(({ second }) => second),
    ),
    row(
      "embedded `reset`",
      "< 1 s",
      runs.map(({ reset }) => reset),
    ),
    row(
      "embedded `up` of a branch of a living copy",
      "",
      runs.map(({ branch }) => branch),
    ),
    row(
      "`status` of two copies: how fast a command starts",
      "< 0.5 s",
      runs.map(({ status }) => status),
    ),
  ];
}

async function measureDocker(): Promise<Measurement[]> {
  if ((await docker.diagnose(findCheckout())).some(({ ok }) => !ok)) {
    console.log("docker: not measured, `make doctor` says what is missing");
    return [];
  }
  await using copies = copiesFolder({ runtime: "docker" });
  // The first one builds the images.
  for (const args of [["up"], ["down"]]) await timed(copies, args);
  const runs = await repeat(async () => ({
    up: await timed(copies, ["up"]),
    again: await timed(copies, ["up"]),
    reset: await timed(copies, ["reset"]),
    branch: await timed(copies, ["up", "branch", "--from", "dev"]),
    down: await timed(copies, ["down"]),
    rest: await timed(copies, ["down", "branch"]),
  }));
  return [
    row(
      "docker `up` with images built, to the first right answer",
      "< 10 s",
      runs.map(({ up }) => up),
    ),
    row(
      "docker `up` of a copy that is up",
      "< 4 s",
      runs.map(({ again }) => again),
    ),
    row(
      "docker `reset`",
      "< 1 s",
      runs.map(({ reset }) => reset),
    ),
    row(
      "docker `up` of a branch of a living copy",
      "",
      runs.map(({ branch }) => branch),
    ),
    row(
      "docker `down`, nothing left",
      "< 10 s",
      runs.map(({ down }) => down),
    ),
  ];
}

async function repeat<T>(work: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  while (results.length < RUNS) results.push(await work());
  return results;
}

function row(what: string, aim: string, figures: readonly number[]): Measurement {
  return { what, aim, figures };
}

async function timed(copies: CopiesFolder, args: readonly string[]): Promise<number> {
  const begun = performance.now();
  const { exitCode, all } = await copies.copy(args);
  if (exitCode !== 0) throw new Error(`copy ${args.join(" ")} failed:\n${all}`);
  return (performance.now() - begun) / 1000;
}

async function measureEdits(): Promise<Measurement[]> {
  using clone = await cloneCheckout();
  await using copies = copiesFolder({ root: clone.root });
  await timed(copies, ["up"]);
  const command = copies.copy(["dev", "dev"], { timeout: 0 });
  await using _ended = interrupting(command);
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
  return [row("`dev`: a saved file to the first changed answer", "< 1 s", figures)];
}

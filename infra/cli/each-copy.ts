import { Listr, PRESET_TIMER } from "listr2";
import { Problem } from "../copies/problem";
import type { Stage } from "../runtimes/runtime";
import { Interrupted } from "./interruption";
import type { ShowStages } from "./steps";

/**
 * How many copies are worked on at once: two cores are busy with three, and more only make each wait longer than the engine
 * is waited for. 20 docker copies took 114 s by threes and 137 s by sixes, of 50 by sixes 12 gave up; 20 embedded ones 11 s
 * either way.
 */
const AT_ONCE = 3;

/** Does the work for one copy; what its steps tell is shown in the copy's one line. @returns what was done */
export type CopyWork = (name: string, show: ShowStages) => Promise<string>;

/**
 * Does the same for several copies side by side, a line each. One that fails leaves the others to go on.
 * @throws Problem naming every copy that failed and why
 */
export async function eachCopy(names: readonly string[], work: CopyWork): Promise<void> {
  const failures: { name: string; error: unknown }[] = [];
  const tasks = names.map((name) => ({
    title: `Copy "${name}"`,
    async task(_context: unknown, task: { title: string; output: string }) {
      try {
        task.title = `Copy "${name}": ${await work(name, (stages) => runInLine(stages, task))}`;
      } catch (error) {
        failures.push({ name, error });
        throw error;
      }
    },
  }));
  await new Listr(tasks, {
    concurrent: AT_ONCE,
    exitOnError: false,
    registerSignalListeners: false,
    rendererOptions: { collapseErrors: true, timer: PRESET_TIMER },
    fallbackRenderer: "simple",
    fallbackRendererOptions: { timer: PRESET_TIMER },
  }).run();
  const [first] = failures;
  if (!first) return;
  if (first.error instanceof Interrupted) throw first.error;
  const reasons = failures.map(({ name, error }) => `${name}: ${error instanceof Error ? error.message : error}`);
  throw new Problem(`${failures.length} of ${names.length} copies failed:\n${reasons.join("\n")}`);
}

/** The stages one after the other, their steps side by side. Only a terminal shows which step it is at. */
async function runInLine(stages: readonly Stage[], line: { output: string }): Promise<void> {
  const tell = (text: string) => {
    if (process.stdout.isTTY) line.output = text;
  };
  for (const stage of stages) {
    const steps = stage.map((step) => {
      tell(step.title);
      return step.run((detail) => tell(`${step.title}: ${detail}`));
    });
    // All of them: what is still at work when a neighbour fails must not meet the removal of what it works on.
    const failed = (await Promise.allSettled(steps)).find((outcome) => outcome.status === "rejected");
    if (failed) throw failed.reason;
  }
}

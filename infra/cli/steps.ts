import { Listr, type ListrTask, PRESET_TIMER } from "listr2";
import type { Stage, Step } from "../runtimes/runtime";

/** Often enough to see that work goes on; short steps print nothing. */
const REPORT_EVERY_MS = 1_000;

/** Runs stages, whichever way they are shown. */
export type ShowStages = (stages: readonly Stage[]) => Promise<void>;

/** Runs the stages one after the other, the steps of one side by side, each shown with its outcome and its time. */
export async function runStages(stages: readonly Stage[]): Promise<void> {
  const tasks = stages.map((stage) => (stage.length === 1 && stage[0] ? taskOf(stage[0]) : groupOf(stage)));
  await new Listr(tasks, {
    concurrent: false,
    // Ctrl-C is for the command, which has to tidy up.
    registerSignalListeners: false,
    rendererOptions: { collapseSubtasks: false, collapseErrors: true, timer: PRESET_TIMER },
    fallbackRenderer: "simple",
    fallbackRendererOptions: { timer: PRESET_TIMER },
  }).run();
}

function taskOf(step: Step): ListrTask {
  return {
    title: step.title,
    async task(_context, task) {
      let reported = performance.now();
      const done = await step.run((detail) => {
        if (performance.now() - reported < REPORT_EVERY_MS) return;
        reported = performance.now();
        task.output = detail;
      });
      task.title = `${step.title}: ${done}`;
    },
  };
}

function groupOf(stage: Stage): ListrTask {
  return { task: (_context, task) => task.newListr(stage.map(taskOf), { concurrent: true }) };
}

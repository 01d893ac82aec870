import type { TestContext } from "vitest";

declare module "vitest" {
  interface TaskMeta {
    /** What was measured on the way: printed, kept in docs/benchmarks.md by `make prove`, never asserted. */
    figures?: string[];
  }
}

/** Notes something measured in a test: machines differ, so no test passes or fails by it. */
export function note({ task }: Pick<TestContext, "task">, figure: string): void {
  task.meta.figures = [...(task.meta.figures ?? []), figure];
  console.log(figure);
}

/** Seconds since a moment of `performance.now()`, as text. */
export function secondsSince(begun: number): string {
  return `${((performance.now() - begun) / 1000).toFixed(1)} s`;
}

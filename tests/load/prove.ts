import { startVitest, type TestCase, type TestModule } from "vitest/node";
import { commit, markdownTable, readRows, writeSection } from "./document";

const HEADER = ["claim", "tests passed", "commit", "time", "measured on the way"];

/** One test of the run, as the table needs it. */
interface Outcome {
  readonly claim: string;
  readonly passed: boolean;
  readonly seconds: number;
  /** What it measured on the way. */
  readonly figures: readonly string[];
}

/**
 * `make prove`: the smoke and fault tests at full scale, one row for each claim, into docs/benchmarks.md. With
 * `FILES=` some of them; the rows of all others stay, each with the commit it was proved at.
 */
async function main(): Promise<void> {
  process.env["SCALE"] = "full";
  const vitest = await startVitest("test", process.argv.slice(2), { watch: false, project: ["smoke", "faults"] });
  const outcomes = vitest.state.getTestModules().flatMap(outcomesOf);
  await vitest.close();
  const rows = [...new Set(outcomes.map(({ claim }) => claim))].map((claim) => {
    const own = outcomes.filter((outcome) => outcome.claim === claim);
    const passed = own.filter((outcome) => outcome.passed).length;
    const seconds = own.reduce((sum, outcome) => sum + outcome.seconds, 0);
    const figures = own.flatMap((outcome) => outcome.figures).join("; ");
    return [claim, `${passed} of ${own.length}`, commit(), `${seconds.toFixed(0)} s`, figures];
  });
  const others = readRows("prove").filter(([claim]) => !rows.some(([own]) => own === claim));
  writeSection("prove", markdownTable(HEADER, [...others, ...rows]));
  process.exitCode = outcomes.every(({ passed }) => passed) ? 0 : 1;
}

function outcomesOf(module: TestModule): Outcome[] {
  return [...module.children.allTests()].map((test) => ({
    claim: claimOf(test),
    passed: test.result().state === "passed",
    seconds: (test.diagnostic()?.duration ?? 0) / 1000,
    figures: test.meta().figures ?? [],
  }));
}

/** The title of the outermost describe. */
function claimOf(test: TestCase): string {
  let parent = test.parent;
  while (parent.type === "suite" && parent.parent.type === "suite") parent = parent.parent;
  return parent.type === "suite" ? parent.name : parent.relativeModuleId;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

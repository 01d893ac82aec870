import type { Reporter, SerializedError, TestCase, TestModule } from "vitest/node";

interface Row {
  readonly kind: string;
  readonly proof: string;
  passed: number;
  failed: number;
  skipped: number;
  seconds: number;
}

/**
 * The table at the end of a run: what proved what, every skip and every failure by name, and the one closing line
 * that counts them.
 */
export class Report implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const rows = modules.map(rowOf);
    const cases = modules.flatMap((module) => [...module.children.allTests()]);
    const broken = modules.filter((module) => module.errors().length > 0);
    console.log(`\n${formatRows(rows)}\n`);
    for (const each of cases.filter((test) => test.result().state === "skipped"))
      console.log(`skipped: ${nameOf(each)}`);
    for (const each of cases.filter((test) => test.result().state === "failed"))
      console.log(`failed: ${failureOf(each)}`);
    for (const module of broken) console.log(`failed: ${module.relativeModuleId}: ${messagesOf(module.errors())}`);
    for (const error of errors) console.log(`failed outside a test: ${error.message}`);
    const count = (key: "passed" | "failed" | "skipped") => rows.reduce((sum, row) => sum + row[key], 0);
    const failed = count("failed") + broken.length + errors.length;
    console.log(`\n${count("passed")} passed, ${failed} failed, ${count("skipped")} skipped`);
  }
}

function rowOf(module: TestModule): Row {
  const row: Row = { kind: module.project.name, proof: titleOf(module), passed: 0, failed: 0, skipped: 0, seconds: 0 };
  for (const test of module.children.allTests()) {
    const { state } = test.result();
    if (state !== "pending") row[state] += 1;
  }
  row.seconds = module.diagnostic().duration / 1000;
  return row;
}

/** What the file's outer describe says it proves; its path where it has none. */
function titleOf(module: TestModule): string {
  const [first] = [...module.children.suites()];
  return first ? first.name : module.relativeModuleId;
}

function nameOf(test: TestCase): string {
  const result = test.result();
  const note = result.state === "skipped" && result.note ? ` (${result.note})` : "";
  return `${test.module.relativeModuleId}: ${test.fullName}${note}`;
}

function failureOf(test: TestCase): string {
  return `${nameOf(test)}: ${messagesOf(test.result().errors ?? [])}`;
}

function messagesOf(errors: readonly { readonly message?: string }[]): string {
  return errors.map(({ message }) => message ?? "no message").join("; ");
}

function formatRows(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.kind,
    row.proof,
    String(row.passed),
    row.failed > 0 ? `${row.failed} FAILED` : "",
    row.skipped > 0 ? `${row.skipped} skipped` : "",
    `${row.seconds.toFixed(1)} s`,
  ]);
  const header = ["kind", "what is proved", "passed", "", "", "time"];
  const widths = header.map((_, column) => Math.max(...[header, ...lines].map((line) => line[column]?.length ?? 0)));
  return [header, ...lines]
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

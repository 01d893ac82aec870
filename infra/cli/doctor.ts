import { findCheckout } from "../copies/checkout";
import { ALL_RUNTIMES } from "../runtimes/choice";
import type { Finding } from "../runtimes/runtime";
import { diagnoseBenchTools } from "./bench-tools";
import { formatTable } from "./table";

/** `copy doctor`: what this machine has for each runtime, and the command that mends what is missing. */
export async function doctor(options: { readonly json: boolean }): Promise<void> {
  const checkout = findCheckout();
  const reports = await Promise.all(
    ALL_RUNTIMES.map(async (runtime) => ({ runtime: runtime.name, findings: await runtime.diagnose(checkout) })),
  );
  const benchTools = await diagnoseBenchTools();
  if (options.json)
    console.log(JSON.stringify([...reports, { optional: "make bench", findings: benchTools }], null, 2));
  else {
    for (const { runtime, findings } of reports) console.log(formatReport(runtime, findings));
    console.log(formatReport("make bench (optional)", benchTools));
  }
  // Some runtime has to work; which one is the user's choice.
  if (reports.every(({ findings }) => findings.some(({ ok }) => !ok))) process.exitCode = 1;
}

function formatReport(runtime: string, findings: readonly Finding[]): string {
  const ready = findings.every(({ ok }) => ok);
  const rows = findings.map(({ what, ok, found, mend }) => ({ "": ok ? "ok" : "MISSING", what, found, mend }));
  return `${runtime}: ${ready ? "ready" : "not ready"}\n${formatTable(rows)}\n`;
}

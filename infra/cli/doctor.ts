import { findCheckout } from "../copies/checkout";
import { ALL_RUNTIMES } from "../runtimes/choice";
import type { Finding } from "../runtimes/runtime";
import { formatTable } from "./table";

/** `copy doctor`: what this machine has for each runtime, and the command that mends what is missing. */
export async function doctor(options: { readonly json: boolean }): Promise<void> {
  const checkout = findCheckout();
  const reports = await Promise.all(
    ALL_RUNTIMES.map(async (runtime) => ({ runtime: runtime.name, findings: await runtime.diagnose(checkout) })),
  );
  if (options.json) console.log(JSON.stringify(reports, null, 2));
  else for (const { runtime, findings } of reports) console.log(formatReport(runtime, findings));
  // Some runtime has to work; which one is the user's choice.
  if (reports.every(({ findings }) => findings.some(({ ok }) => !ok))) process.exitCode = 1;
}

function formatReport(runtime: string, findings: readonly Finding[]): string {
  const ready = findings.every(({ ok }) => ok);
  const rows = findings.map(({ what, ok, found, mend }) => ({ "": ok ? "ok" : "MISSING", what, found, mend }));
  return `${runtime}: ${ready ? "ready" : "not ready"}\n${formatTable(rows)}\n`;
}

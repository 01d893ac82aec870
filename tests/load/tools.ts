import { diagnoseBenchTools } from "infra/cli/bench-tools";

/** Whether programs are there that a bench compares with; says what is not measured, and the next step, where one is not. */
export async function areThere(subject: string, programs: readonly string[]): Promise<boolean> {
  const missing = (await diagnoseBenchTools()).filter(
    ({ what, ok }) => !ok && programs.some((program) => what.startsWith(`${program}:`)),
  );
  for (const { what, mend } of missing) console.log(`${subject}: not measured, there is no ${what}. Next: ${mend}`);
  return missing.length === 0;
}

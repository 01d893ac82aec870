import { execa } from "execa";
import type { Finding } from "../runtimes/runtime";

/** Programs that `make bench` alone calls, with what for and Debian's package of each. */
const TOOLS = [
  { program: "psql", purpose: "what batches are compared with", debian: "postgresql-client" },
  { program: "pgbench", purpose: "what reads are compared with", debian: "postgresql-contrib" },
  { program: "wrk", purpose: "asks for reads", debian: "wrk" },
] as const;

/** What `make bench` finds on this machine. Everything else does without; a row that lacks its program is left out. */
export function diagnoseBenchTools(): Promise<Finding[]> {
  return Promise.all(
    TOOLS.map(async ({ program, purpose, debian }) => {
      const what = `${program}: ${purpose}`;
      const found = await versionOf(program);
      if (found !== undefined) return { what, ok: true, found };
      return { what, ok: false, found: "not installed", mend: `apt-get install ${debian}` };
    }),
  );
}

/** What it says of itself, whatever its exit code: wrk's is 1, and Debian has wrappers that call what is not there. */
async function versionOf(program: string): Promise<string | undefined> {
  const { stdout } = await execa(program, ["--version"], { reject: false });
  const [line] = (stdout ?? "").split("\n");
  return line?.startsWith(program) ? line : undefined;
}

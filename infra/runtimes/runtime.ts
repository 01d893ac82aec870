import type { Checkout } from "../copies/checkout";
import type { Copy, DatabaseAddress } from "../copies/copy";
import type { PortTest } from "../copies/ports";
import type { CopyRecord, RuntimeName } from "../copies/registry";

/** One visible step of long work. What it returns is shown beside its title: what was done, or found done. */
export interface Step {
  readonly title: string;
  run(report: (detail: string) => void): Promise<string>;
}

/** Steps that run side by side. Stages follow each other. */
export type Stage = readonly Step[];

export interface UpContext {
  readonly copy: Copy;
  readonly signal: AbortSignal;
}

/**
 * `running`: all of it answers. `stopped`: by a `stop`. `broken`: it should run and something is missing.
 * `unfinished`: a birth or removal was cut short. All but the first say in `detail` what is the matter.
 */
export interface Inspection {
  readonly state: "running" | "stopped" | "broken" | "unfinished";
  readonly detail?: string;
  readonly revision?: string;
  readonly serverVersion?: string;
}

/** One thing a runtime needs on this machine. */
export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  /** What was found. */
  readonly found: string;
  /** The command that mends it; only where `ok` is false. */
  readonly mend?: string;
}

export const LOG_ROLES = ["api", "database", "queue"] as const;
export type LogRole = (typeof LOG_ROLES)[number];

export interface LogRequest {
  readonly role: LogRole;
  readonly lines: number;
  /** Aborted when nothing more is wanted; undefined prints the end and returns. */
  readonly follow?: AbortSignal;
}

/** Where and how copies run. The commands know this interface only, so every command works in every runtime. */
export interface Runtime {
  readonly name: RuntimeName;
  /** What this machine has and lacks for the runtime. */
  diagnose(checkout: Checkout): Promise<readonly Finding[]>;
  /** What a new copy takes for itself; called under the ledger's guard. */
  claim(checkout: Checkout, name: string): Promise<Partial<CopyRecord>>;
  /** What brings the copy from wherever it is to running. Every step is idempotent: killed anywhere, begin again. */
  up(context: UpContext): readonly Stage[];
  /**
   * What puts a running copy's data back to its dump. The API goes on: reads wait for the moment of the exchange. Killed
   * anywhere, the data is the old or the new, and the next `reset`, `up` or `down` finishes the job.
   * @param answer comes last; what is only to be tidied up may run beside it
   */
  reset(context: UpContext, answer: Step): readonly Stage[];
  /** Ends the copy's processes, keeps its data. */
  stop(copy: Copy): Promise<void>;
  /** Removes everything of the copy that it has outside its folder, then the folder. Works on what is half-made too. */
  remove(checkout: Checkout, name: string): Promise<void>;
  /** Removes what is kept for the next copy and no copy of the checkout uses now. @returns a line for each thing */
  removeUnused(checkout: Checkout): Promise<readonly string[]>;
  inspect(copy: Copy): Promise<Inspection>;
  /** Bytes of memory that the copy's own processes take together, shared pages by share; undefined where unknown. */
  memory(copy: Copy): Promise<number | undefined>;
  /** @throws Problem when the copy's database server does not run */
  database(copy: Copy): Promise<DatabaseAddress>;
  /** @throws Problem when the copy's queue server does not run */
  queue(copy: Copy): Promise<DatabaseAddress>;
  /** Whether a copy that is born now could publish a port: nobody else has it where the copy would live. */
  isFree: PortTest;
  /** Whether the copy itself is what listens on its port, so that the port being taken is no conflict. */
  holdsPort(copy: Copy): Promise<boolean>;
  /** Prints the end of a log to standard output, and what comes after it until the signal when `follow` is set. */
  logs(copy: Copy, request: LogRequest): Promise<void>;
  /** What `up` would change, one line each; empty when nothing would. */
  plan(copy: Copy, signal: AbortSignal): Promise<readonly string[]>;
  /** Runs a job with the copy's environment, standard input and output attached. @returns its exit code */
  run(copy: Copy, command: readonly string[]): Promise<number>;
}

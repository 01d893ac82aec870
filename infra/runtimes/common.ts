import { setTimeout as delay } from "node:timers/promises";
import { migrate, missingMigrations } from "db/migrate";
import { DatabaseError } from "pg";
import type { Checkout } from "../copies/checkout";
import { openCopyDatabase } from "../copies/connection";
import type { Copy, DatabaseAddress } from "../copies/copy";
import { holdLock } from "../copies/lock";
import { Problem } from "../copies/problem";
import { type BranchOrigin, type CopyRecord, requireRecord } from "../copies/registry";
import { buildService, type ServiceBundle } from "../images/api/bundle";
import type { Inspection, Step, UpContext } from "./runtime";

/** What every runtime begins with: the service as one file, handed on in `built`. */
export function buildStep({ copy }: UpContext, built: { bundle?: ServiceBundle }): Step {
  return {
    title: "Build the service",
    async run() {
      built.bundle = await buildService(copy.checkout.root);
      return built.bundle.hash.slice(0, 12);
    },
  };
}

/**
 * Brings the data of a copy that lives to the schema that its code needs. A template or an image has it already, so most
 * often one question is all.
 * @returns what was done, for the line of a step
 */
export async function migrateCopy(copy: Copy, address: DatabaseAddress): Promise<string> {
  await using client = await openCopyDatabase(copy, address);
  const missing = await missingMigrations(async <Row>(text: string) => (await client.query(text)).rows as Row[]);
  return missing.length === 0 ? "up to date" : (await migrate(client)).join(", ");
}

/** Between two attempts at what a working service got in the way of, in ms; each of its statements takes a few. */
const EMPTYING_PAUSE_MS = 50;
const EMPTYING_ATTEMPTS = 20;

/** What a role has made, schema by schema, in one transaction. It waits for nobody for long: others would wait behind it. */
const EMPTY_SQL = `
  SET lock_timeout = '1s';
  DO $$
  DECLARE made text;
  BEGIN
    FOR made IN SELECT nspname FROM pg_namespace WHERE nspowner = current_user::regrole LOOP
      EXECUTE format('DROP SCHEMA %I CASCADE', made);
    END LOOP;
  END $$`;

/** PostgreSQL's errcodes: a deadlock, and a lock that was not to be had in time. */
const IN_THE_WAY: ReadonlySet<string> = new Set(["40P01", "55P03"]);

/**
 * Empties a copy's queue before its data goes, so that no message for the old data is read into the new. The service makes
 * its tables anew with the next message.
 */
export function emptyQueueStep(copy: Copy, address: () => Promise<DatabaseAddress>): Step {
  return {
    title: "Queue",
    async run() {
      await using client = await openCopyDatabase(copy, await address());
      for (let left = EMPTYING_ATTEMPTS; ; left -= 1) {
        try {
          await client.query(EMPTY_SQL);
          return "empty";
        } catch (error) {
          if (left === 0 || !(error instanceof DatabaseError && IN_THE_WAY.has(error.code ?? ""))) throw error;
        }
        await delay(EMPTYING_PAUSE_MS);
      }
    },
  };
}

/** How a copy is by its record alone; undefined where it should run and has to be looked at. */
export function inspectIntent({ intent }: CopyRecord): Inspection | undefined {
  if (intent === "stopped") return { state: "stopped" };
  if (intent === "running") return undefined;
  const again = intent === "birth" ? "up" : "down";
  return { state: "unfinished", detail: `its ${intent} was cut short; make ${again} finishes it` };
}

/** A copy that comes up or is reset at the same time has to be waited for; each takes seconds. */
const ORIGIN_WAIT_MS = 60_000;

/**
 * Keeps other commands off the copy that a branch takes its data from, while it does.
 * @throws Problem when it is gone, another one by now, or not running
 */
export async function holdOrigin(checkout: Checkout, name: string, origin: BranchOrigin): Promise<AsyncDisposable> {
  const purpose = `branch ${name} from ${origin.copy}`;
  const lock = await holdLock(checkout, origin.copy, { purpose, waitMs: ORIGIN_WAIT_MS });
  const found = requireRecord(checkout, origin.copy);
  if (found.id === origin.id && found.intent === "running") return lock;
  await lock[Symbol.asyncDispose]();
  const reason = found.id === origin.id ? "does not run; start it" : "is another one by now; take the branch down";
  throw new Problem(`Copy "${origin.copy}", of which "${name}" is to be a branch, ${reason}, then try again.`);
}

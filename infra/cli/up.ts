import { randomBytes } from "node:crypto";
import { type Checkout, findCheckout } from "../copies/checkout";
import { openCopyDatabase } from "../copies/connection";
import { type Copy, copyOf, ledgerOwner, ratesUrl } from "../copies/copy";
import { findDump } from "../copies/dump-source";
import { holdLock, withGuard } from "../copies/lock";
import { checkCopyName, copyId } from "../copies/names";
import { promisePort } from "../copies/port-ledger";
import { canBind, PORT_RANGES } from "../copies/ports";
import { proveRates, ratesQuestionUrl } from "../copies/readiness";
import { type CopyRecord, readRecord, removeEmptyFolders, writeRecord } from "../copies/registry";
import { chooseRuntime, runtimeOf } from "../runtimes/choice";
import type { Runtime, Step } from "../runtimes/runtime";
import { INTERRUPTED_EXIT_CODE, interruption } from "./interruption";
import { removeCopy } from "./removal";
import { runStages } from "./steps";

export interface UpOptions {
  /** RUNTIME: `auto` or a runtime's name. */
  readonly runtime: string;
  /** PORT: the port to answer on; undefined takes the next free one, or keeps the copy's own. */
  readonly port?: number;
  /** RATES_SQL: the dump a new copy is born from; undefined takes db/rates.sql. */
  readonly ratesSql?: string;
}

/** `copy up NAME`: brings the copy from wherever it is to running and proves that its answers are right. */
export async function up(name: string, options: UpOptions): Promise<void> {
  const checkout = findCheckout();
  checkCopyName(name);
  try {
    await upUnderLock(checkout, name, options);
  } finally {
    removeEmptyFolders(checkout);
  }
}

async function upUnderLock(checkout: Checkout, name: string, options: UpOptions): Promise<void> {
  const begun = performance.now();
  await using _lock = await holdLock(checkout, name, { purpose: `up ${name}` });
  const before = await finishRemoval(checkout, name);
  const { runtime, reason } = await chooseRuntime(options.runtime, before);
  console.log(`runtime: ${reason}`);
  const record = before ? await converge(checkout, before, options) : await born(checkout, name, { runtime, options });
  const url = await bringUp(copyOf(checkout, record), runtime);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`\nCopy "${name}" is up at ${ratesUrl({ record })} after ${seconds} s. Ask it:\n\n  curl "${url}"\n`);
}

/** Runs the steps. A birth that fails or is interrupted leaves nothing behind; a copy that was there stays. */
async function bringUp(copy: Copy, runtime: Runtime): Promise<string> {
  using interrupted = interruption();
  const { signal } = interrupted;
  const asked: { url?: string } = {};
  try {
    await runStages([...runtime.up({ copy, signal }), [answerStep(copy, runtime, asked)]]);
    signal.throwIfAborted();
    writeRecord(copy.checkout, { ...copy.record, intent: "running" });
    return asked.url ?? "";
  } catch (error) {
    if (copy.record.intent === "birth") await undoBirth(copy, runtime);
    if (signal.aborted) process.exitCode = INTERRUPTED_EXIT_CODE;
    throw signal.aborted ? signal.reason : error;
  }
}

function answerStep(copy: Copy, runtime: Runtime, asked: { url?: string }): Step {
  return {
    title: "Answer",
    async run() {
      await using client = await openCopyDatabase(copy, await runtime.database(copy));
      asked.url = ratesQuestionUrl(ratesUrl(copy), await proveRates(ratesUrl(copy), client));
      return "/rates equals the task's query";
    },
  };
}

async function undoBirth({ checkout, record }: Copy, runtime: Runtime): Promise<void> {
  writeRecord(checkout, { ...record, intent: "removal" });
  await removeCopy(checkout, record.name, runtime);
  console.error(`Copy "${record.name}" was not born; nothing of it is left.`);
}

/** A removal that was cut short is finished first. @returns the record of the copy that is there to stay. */
async function finishRemoval(checkout: Checkout, name: string): Promise<CopyRecord | undefined> {
  const record = readRecord(checkout, name);
  if (record?.intent !== "removal") return record;
  console.log(`The removal of copy "${name}" was cut short: finishing it`);
  await removeCopy(checkout, name, runtimeOf(record));
  return undefined;
}

interface Birth {
  readonly runtime: Runtime;
  readonly options: UpOptions;
}

async function born(checkout: Checkout, name: string, { runtime, options }: Birth): Promise<CopyRecord> {
  const dump = await findDump(checkout, options.ratesSql);
  return withGuard(checkout, async () =>
    writeRecord(checkout, {
      version: 1,
      name,
      id: copyId(checkout, name, randomBytes(4).toString("hex")),
      runtime: runtime.name,
      size: "small",
      intent: "birth",
      port: await takePort(checkout, name, options.port),
      dump,
      createdAt: new Date().toISOString(),
      ...(await runtime.claim(checkout, name)),
    }),
  );
}

/** What may change in a copy that is there: its port. Its data stays what it is, and that is said. */
async function converge(checkout: Checkout, record: CopyRecord, options: UpOptions): Promise<CopyRecord> {
  const dump = await findDump(checkout, options.ratesSql, record.dump);
  if (dump.sha256 !== record.dump.sha256) {
    console.log(`${dump.path} is not the dump this copy was born from; its data stays. A new copy takes the new dump.`);
  }
  const holds = await runtimeOf(record).holdsPort(copyOf(checkout, record));
  if ((options.port ?? record.port) === record.port && (holds || (await canBind(record.port)))) return record;
  return withGuard(checkout, async () => {
    const port = await takePort(checkout, record.name, options.port);
    if (port !== record.port) console.log(`port: ${port} from now on, instead of ${record.port}`);
    return writeRecord(checkout, { ...record, port });
  });
}

/** The port asked for, or the next free one, said aloud when it is not the first of the range. */
async function takePort(checkout: Checkout, name: string, asked: number | undefined): Promise<number> {
  const port = await promisePort({ owner: ledgerOwner(checkout, name), range: PORT_RANGES.api, port: asked });
  const { first } = PORT_RANGES.api;
  if (asked === undefined && port !== first) console.log(`port: ${port} (the first free one from ${first})`);
  return port;
}

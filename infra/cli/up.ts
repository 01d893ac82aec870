import { type Checkout, findCheckout } from "../copies/checkout";
import { type Copy, copyOf, ratesUrl } from "../copies/copy";
import { eventFieldsFile } from "../copies/event-fields";
import { holdLock } from "../copies/lock";
import { checkCopyName } from "../copies/names";
import { Problem } from "../copies/problem";
import { type CopyRecord, readRecord, removeEmptyFolders, writeRecord } from "../copies/registry";
import { chooseRuntime, runtimeOf } from "../runtimes/choice";
import type { Runtime } from "../runtimes/runtime";
import { answerStep } from "./answer-step";
import { type BirthOptions, born, converge, runtimeForBirth } from "./birth";
import { eachCopy } from "./each-copy";
import { INTERRUPTED_EXIT_CODE, interruption } from "./interruption";
import { removeCopy } from "./removal";
import { runStages, type ShowStages } from "./steps";

export interface UpOptions extends BirthOptions {
  /** RUNTIME: `auto` or a runtime's name. */
  readonly runtime: string;
}

/** `copy up NAME...`: brings copies from wherever they are to running and proves that their answers are right. */
export async function up(names: readonly string[], options: UpOptions): Promise<void> {
  const checkout = findCheckout();
  for (const name of names) checkCopyName(name);
  if (names.length > 1 && options.port !== undefined) {
    throw new Problem(`PORT=${options.port} can be one copy's only. Leave it out, or bring the copies up one by one.`);
  }
  eventFieldsFile(checkout); // so that a bad one is told before anything is made
  using interrupted = interruption();
  const { signal } = interrupted;
  try {
    const [only] = names;
    if (names.length === 1 && only) await upOne({ checkout, name: only, options, signal });
    else await upSeveral(names, { checkout, options, signal });
  } finally {
    if (signal.aborted) process.exitCode = INTERRUPTED_EXIT_CODE;
    removeEmptyFolders(checkout);
  }
}

interface Common {
  readonly checkout: Checkout;
  readonly options: UpOptions & { readonly birthRuntime?: string | undefined };
  readonly signal: AbortSignal;
}

async function upOne({ name, ...common }: Common & { readonly name: string }): Promise<void> {
  const begun = performance.now();
  const say = (line: string) => console.log(line);
  const { url, question } = await upUnderLock(name, { ...common, say, announce: say, show: runStages });
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`\nCopy "${name}" is up at ${url} after ${seconds} s. Ask it:\n\n  curl "${question}"\n`);
}

/** Side by side, with a line each: what all of them need (images, templates) is made once, by one of them. */
async function upSeveral(names: readonly string[], common: Common): Promise<void> {
  const begun = performance.now();
  const announced = new Set<string>();
  const announce = (line: string) => {
    if (!announced.has(line)) console.log(line);
    announced.add(line);
  };
  const birthRuntime = await chooseForBirths(names, { ...common, announce });
  const options = { ...common.options, birthRuntime };
  await eachCopy(names, async (name, show) => {
    const { url } = await upUnderLock(name, { ...common, options, say: () => {}, announce, show });
    return url;
  });
  console.log(`\n${names.length} copies are up after ${((performance.now() - begun) / 1000).toFixed(1)} s.`);
}

/** Decided once and said before anything else. @returns undefined where every copy is there already */
async function chooseForBirths(
  names: readonly string[],
  { checkout, options, announce }: Common & Pick<Showing, "announce">,
): Promise<string | undefined> {
  if (names.every((name) => readRecord(checkout, name))) return undefined;
  const { runtime, reason } = await chooseRuntime(runtimeForBirth(checkout, options), undefined);
  announce(`runtime: ${reason}`);
  return runtime.name;
}

interface Showing extends Common {
  /** What concerns this copy alone. */
  readonly say: (line: string) => void;
  /** What several copies have in common. */
  readonly announce: (line: string) => void;
  readonly show: ShowStages;
}

interface Up {
  readonly url: string;
  /** A question with prices, as a URL. */
  readonly question: string;
}

async function upUnderLock(name: string, showing: Showing): Promise<Up> {
  const { checkout, options, signal, say, announce, show } = showing;
  signal.throwIfAborted();
  await using _lock = await holdLock(checkout, name, { purpose: `up ${name}` });
  const before = await finishRemoval(checkout, name);
  const asked = before ? options.runtime : (options.birthRuntime ?? runtimeForBirth(checkout, options));
  const { runtime, reason } = await chooseRuntime(asked, before);
  if (!options.birthRuntime) announce(`runtime: ${reason}`);
  const work = { checkout, name, options, say };
  const record = before ? await converge(before, work) : await born(runtime, work);
  const copy = copyOf(checkout, record);
  return { url: ratesUrl(copy), question: await bringUp({ copy, runtime, signal, show }) };
}

interface BringUp extends Pick<Showing, "signal" | "show"> {
  readonly copy: Copy;
  readonly runtime: Runtime;
}

/** Runs the steps. A birth that fails or is interrupted leaves nothing behind; a copy that was there stays. */
async function bringUp({ copy, runtime, signal, show }: BringUp): Promise<string> {
  const asked: { url?: string } = {};
  try {
    await show([...runtime.up({ copy, signal }), [answerStep(copy, runtime, asked)]]);
    signal.throwIfAborted();
    writeRecord(copy.checkout, { ...copy.record, intent: "running" });
    return asked.url ?? "";
  } catch (error) {
    if (copy.record.intent === "birth") await undoBirth(copy, runtime);
    throw signal.aborted ? signal.reason : error;
  }
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

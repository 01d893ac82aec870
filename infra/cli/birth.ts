import { randomBytes } from "node:crypto";
import type { Checkout } from "../copies/checkout";
import { copyOf, ledgerOwner } from "../copies/copy";
import { type DumpWish, describeDump, findDump, findDumpAgain } from "../copies/dump-source";
import { withGuard } from "../copies/lock";
import { copyId } from "../copies/names";
import { promisePort } from "../copies/port-ledger";
import { PORT_RANGES } from "../copies/ports";
import { Problem } from "../copies/problem";
import { type BranchOrigin, type CopyRecord, type DumpReference, requireRecord, writeRecord } from "../copies/registry";
import { DEFAULT_SIZE, type SizeName } from "../copies/sizes";
import { runtimeOf } from "../runtimes/choice";
import type { Runtime } from "../runtimes/runtime";

/** What a copy can be asked to be. */
export interface BirthOptions extends DumpWish {
  /** RUNTIME: `auto` or a runtime's name. */
  readonly runtime: string;
  /** PORT: the port to answer on; undefined takes the next free one, or keeps the copy's own. */
  readonly port?: number;
  /** SIZE: undefined takes the default one, or keeps the copy's own. */
  readonly size?: SizeName;
  /** TTL, in ms from now: after that `copy prune` may remove the copy. Undefined is never, or keeps what was said. */
  readonly ttl?: number;
  /** FROM: the copy whose present data a new one begins with. */
  readonly from?: string;
}

export interface Wanted {
  readonly checkout: Checkout;
  readonly name: string;
  readonly options: BirthOptions;
  /** Tells what was decided. */
  say(line: string): void;
}

/** A branch runs where its origin does: the data is cloned inside a server or an engine. */
export function runtimeForBirth(checkout: Checkout, { from, runtime }: BirthOptions): string {
  if (from === undefined) return runtime;
  const origin = requireRecord(checkout, from);
  if (runtime === "auto" || runtime === origin.runtime) return origin.runtime;
  throw new Problem(`Copy "${from}" is ${origin.runtime} and so are its branches. Leave RUNTIME=${runtime} out.`);
}

/** Writes down a copy that is to be. */
export async function born(runtime: Runtime, wanted: Wanted): Promise<CopyRecord> {
  const { checkout, name, options } = wanted;
  const data = options.from ? branchOf(checkout, options) : { dump: await findDump(checkout, options) };
  return withGuard(checkout, async () =>
    writeRecord(checkout, {
      version: 1,
      name,
      id: copyId(checkout, name, randomBytes(4).toString("hex")),
      runtime: runtime.name,
      size: options.size ?? DEFAULT_SIZE,
      intent: "birth",
      port: await takePort(runtime, wanted),
      ...data,
      createdAt: new Date().toISOString(),
      ...expiry(options),
      ...(await runtime.claim(checkout, name)),
    }),
  );
}

function branchOf(checkout: Checkout, options: BirthOptions): { dump: DumpReference; branch: BranchOrigin } {
  if (options.ratesSql ?? options.days ?? options.lanes) {
    throw new Problem(`FROM=${options.from} brings the data along: leave RATES_SQL, DAYS and LANES out.`);
  }
  const { name, id, dump } = requireRecord(checkout, options.from ?? "");
  return { dump, branch: { copy: name, id, at: new Date().toISOString() } };
}

/** What may change in a copy that is there: port, size and how long it is wanted. Its data stays, and that is said. */
export async function converge(record: CopyRecord, wanted: Wanted): Promise<CopyRecord> {
  const { checkout, options, say } = wanted;
  await announceOtherData(record, wanted);
  const same = { ...record, size: options.size ?? record.size, ...expiry(options) };
  const runtime = runtimeOf(record);
  const holds = await runtime.holdsPort(copyOf(checkout, record));
  if ((options.port ?? record.port) === record.port && (holds || (await runtime.isFree(record.port)))) {
    return writeRecord(checkout, same);
  }
  return withGuard(checkout, async () => {
    const port = await takePort(runtime, wanted);
    if (port !== record.port) say(`port: ${port} from now on, instead of ${record.port}`);
    return writeRecord(checkout, { ...same, port });
  });
}

async function announceOtherData(record: CopyRecord, { checkout, options, say }: Wanted): Promise<void> {
  const { from, ratesSql, days, lanes } = options;
  if (from !== undefined && record.branch?.copy !== from) {
    throw new Problem(
      `Copy "${record.name}" is there already and is no branch of "${from}". ` +
        `Give the branch another name, or begin anew: make down COPY=${record.name}`,
    );
  }
  const asked = ratesSql ?? days ?? lanes;
  const dump = await (asked === undefined
    ? findDumpAgain(checkout, record.dump)
    : findDump(checkout, options, record.dump));
  if (dump.sha256 === record.dump.sha256) return;
  const next = asked === undefined ? `make reset COPY=${record.name} takes the new dump` : "A new copy takes it";
  say(`${describeDump(dump)} is not the dump this copy was born from; its data stays. ${next}.`);
}

function expiry({ ttl }: BirthOptions): Pick<CopyRecord, "expiresAt"> {
  return ttl === undefined ? {} : { expiresAt: new Date(Date.now() + ttl).toISOString() };
}

/** The port asked for, or the next free one, said aloud when it is not the first of the range. */
async function takePort({ isFree }: Runtime, { checkout, name, options, say }: Wanted): Promise<number> {
  const { port: asked } = options;
  const port = await promisePort({ owner: ledgerOwner(checkout, name), range: PORT_RANGES.api, port: asked, isFree });
  const { first } = PORT_RANGES.api;
  if (asked === undefined && port !== first) say(`port: ${port} (the first free one from ${first})`);
  return port;
}

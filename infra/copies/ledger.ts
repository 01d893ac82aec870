import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { guarded } from "./lock";
import { identifyProcess, isAlive, type ProcessIdentity } from "./process-identity";
import { writeFileAtomically } from "./registry";

/** Whom something is promised to. */
export interface Owner {
  /** The promise holds while this file is there, so what was killed or deleted by hand holds nothing. */
  readonly file: string;
  /** As an error names it: `copy "qa" of /home/you/rates`. */
  readonly title: string;
}

export interface Wish {
  /** Values of one kind are given to one owner only. */
  readonly kind: "port" | "subnet";
  /** What the owner needs it for: it gives back what it had for the same use. */
  readonly use: string;
  readonly owner: Owner;
  /** Chooses a value. @param taken what is promised to others: value to their title */
  choose(taken: ReadonlyMap<string, string>): string | Promise<string>;
}

interface Entry extends Pick<Wish, "kind" | "use" | "owner"> {
  readonly value: string;
  /** Who made the promise: until it has written the owner's file, the promise holds as long as it lives. */
  readonly by: ProcessIdentity | undefined;
}

/**
 * Promises a value to an owner. It is promised long before it is used (images are built in between), so the ledger is
 * one for all checkouts of this user on this machine.
 */
export function promise({ kind, use, owner, choose }: Wish): Promise<string> {
  return guarded(ledgerDirectory(), async () => {
    const entries = readEntries();
    for (const stale of entries.filter((entry) => !holds(entry))) rmSync(fileOf(stale), { force: true });
    const own = entries.filter((entry) => entry.owner.file === owner.file);
    const others = entries.filter((entry) => entry.kind === kind && !own.includes(entry) && holds(entry));
    const value = await choose(new Map(others.map((entry) => [entry.value, entry.owner.title])));
    for (const had of own.filter((entry) => entry.kind === kind && entry.use === use))
      rmSync(fileOf(had), { force: true });
    const entry: Entry = { kind, use, owner, value, by: identifyProcess(process.pid) };
    writeFileAtomically(fileOf(entry), JSON.stringify(entry));
    return value;
  });
}

/** Gives back everything that was promised to an owner. */
export function releaseAll(ownerFile: string): Promise<void> {
  return guarded(ledgerDirectory(), () => {
    for (const entry of readEntries().filter(({ owner }) => owner.file === ownerFile))
      rmSync(fileOf(entry), { force: true });
  });
}

function holds({ owner, by }: Entry): boolean {
  return existsSync(owner.file) || (by !== undefined && isAlive(by));
}

function readEntries(): Entry[] {
  const files = readdirSync(ledgerDirectory()).filter((name) => /^(port|subnet)-[\d.]+$/.test(name));
  return files.flatMap((name) => {
    try {
      return [JSON.parse(readFileSync(join(ledgerDirectory(), name), "utf8")) as Entry];
    } catch {
      return []; // not ours to read
    }
  });
}

/** One small file a promise; a subnet's slash is no part of a file's name. */
function fileOf({ kind, value }: Pick<Entry, "kind" | "value">): string {
  return join(ledgerDirectory(), `${kind}-${value.replace(/\/.*/, "")}`);
}

/** In the folder for temporary files: a promise need not outlive a restart of the machine. */
function ledgerDirectory(): string {
  const directory = join(tmpdir(), `rates-ledger-${userInfo().uid}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return directory;
}

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { guarded } from "./lock";
import { nextFreePort, type PortRange, requireFreePort } from "./ports";
import { identifyProcess, isAlive, type ProcessIdentity } from "./process-identity";
import { writeFileAtomically } from "./registry";

/** Whom a port is promised to. */
export interface PortOwner {
  /** The promise holds while this file is there, so what was killed or deleted by hand holds nothing. */
  readonly file: string;
  /** As an error names it: `copy "qa" of /home/you/rates`. */
  readonly title: string;
}

export interface PortWish {
  readonly owner: PortOwner;
  readonly range: PortRange;
  /** An explicit port; undefined takes the next free one. */
  readonly port?: number | undefined;
}

interface Entry {
  readonly port: number;
  readonly owner: PortOwner;
  /** Who made the promise: until it has written the owner's file, the promise holds as long as it lives. */
  readonly by: ProcessIdentity | undefined;
}

/**
 * Promises a port to an owner; it gives back the one it had of the same range. A port is promised long before it is bound
 * (images are built in between), so the ledger is one for all checkouts of this user on this machine.
 * @throws Problem naming the holder of an explicit port that is taken, or when the range is used up
 */
export function promisePort({ owner, range, port }: PortWish): Promise<number> {
  return guarded(ledgerDirectory(), async () => {
    const entries = readEntries();
    const others = entries.filter((entry) => entry.owner.file !== owner.file && holds(entry));
    const reserved = new Map(others.map((entry) => [entry.port, entry.owner.title]));
    const promised = await (port === undefined ? nextFreePort({ range, reserved }) : requireFreePort(port, reserved));
    const had = entries.filter((entry) => entry.owner.file === owner.file && inRange(entry.port, range));
    for (const entry of [...had, ...entries.filter((one) => !holds(one))]) rmSync(fileOf(entry.port), { force: true });
    writeFileAtomically(fileOf(promised), JSON.stringify({ port: promised, owner, by: identifyProcess(process.pid) }));
    return promised;
  });
}

/** Gives back every port of an owner. */
export function releasePorts(ownerFile: string): Promise<void> {
  return guarded(ledgerDirectory(), () => {
    for (const { port } of readEntries().filter(({ owner }) => owner.file === ownerFile)) rmSync(fileOf(port));
  });
}

function holds({ owner, by }: Entry): boolean {
  return existsSync(owner.file) || (by !== undefined && isAlive(by));
}

function inRange(port: number, { first, last }: PortRange): boolean {
  return port >= first && port <= last;
}

function readEntries(): Entry[] {
  const ports = readdirSync(ledgerDirectory()).filter((name) => /^\d+$/.test(name));
  return ports.flatMap((port) => {
    try {
      return [JSON.parse(readFileSync(fileOf(Number(port)), "utf8")) as Entry];
    } catch {
      return []; // not ours to read
    }
  });
}

function fileOf(port: number): string {
  return join(ledgerDirectory(), String(port));
}

/** In the folder for temporary files: a promise need not outlive a restart of the machine. */
function ledgerDirectory(): string {
  const directory = join(tmpdir(), `rates-ports-${userInfo().uid}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return directory;
}

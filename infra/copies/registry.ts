import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Subset } from "db/subset/subset";
import type { Checkout } from "./checkout";
import { copyPaths, dataServerDirectory, locksDirectory, queueServerDirectory, subsetsDirectory } from "./names";
import { Problem } from "./problem";
import type { SizeName } from "./sizes";

export type RuntimeName = "embedded" | "docker";

/**
 * What a command last set out to do with the copy. `birth` and `removal` that outlive their command were cut short,
 * and the next `up` or `down` finishes them.
 */
export type Intent = "birth" | "running" | "stopped" | "removal";

/** A dump as it was when the copy took it; size and time spare reading an unchanged file again. */
export interface DumpReference {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly sha256: string;
  /** Where `path` is a part of another dump, made by us: which part, and of which dump. */
  readonly subset?: Subset & { readonly of: DumpReference };
}

/** Whose data, as it was at a moment, a copy was born with. */
export interface BranchOrigin {
  readonly copy: string;
  /** Its copy id: a later copy of the same name is another one. */
  readonly id: string;
  /** When it was branched: ISO 8601, UTC. */
  readonly at: string;
}

/** What is known of a copy, kept in `.copies/<name>/copy.json`. */
export interface CopyRecord {
  readonly version: 1;
  readonly name: string;
  /** Also stored inside the copy's database: a service or command that meets another id refuses to go on. */
  readonly id: string;
  readonly runtime: RuntimeName;
  readonly size: SizeName;
  readonly intent: Intent;
  readonly port: number;
  readonly dump: DumpReference;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** The copy it is a branch of; it then began with that one's data and not with its dump's. */
  readonly branch?: BranchOrigin;
  /** When `copy prune` may remove it, as asked for with TTL: ISO 8601, UTC. Undefined is never. */
  readonly expiresAt?: string;
  /** What a docker copy has taken for itself. */
  readonly docker?: DockerClaim;
}

/** Taken at birth, kept for life. */
export interface DockerClaim {
  /** The engine it lives on, as DOCKER_HOST named it; undefined is the one on this machine. */
  readonly engine?: string;
  /** The database's port on 127.0.0.1. */
  readonly databasePort: number;
  /** The queue's port on 127.0.0.1. */
  readonly queuePort: number;
  /** CIDR of the copy's network. */
  readonly subnet: string;
}

/** A record that cannot be read, as the listing shows it. */
export interface UnreadableRecord {
  readonly name: string;
  readonly problem: string;
}

const REQUIRED: readonly (keyof CopyRecord)[] = ["id", "runtime", "size", "intent", "port", "dump", "createdAt"];

/** @returns undefined where no such copy exists. @throws Problem when its record is there but cannot be read. */
export function readRecord(checkout: Checkout, name: string): CopyRecord | undefined {
  const { record: file, directory } = copyPaths(checkout, name);
  if (!existsSync(directory)) return undefined;
  // A birth makes the folder and then the record: killed in between, there is nothing to keep.
  if (!existsSync(file)) return undefined;
  try {
    const record = JSON.parse(readFileSync(file, "utf8")) as CopyRecord;
    const missing = REQUIRED.filter((key) => record[key] === undefined);
    if (record.version !== 1 || record.name !== name || missing.length > 0) {
      throw new Error(missing.length > 0 ? `it lacks ${missing.join(", ")}` : `it is not a record of copy "${name}"`);
    }
    return record;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Problem(
      `The record of copy "${name}" cannot be read: ${file}: ${reason}.\n` +
        `No other copy is touched. Mend the file, or remove the copy with its data: make down COPY=${name}`,
      { cause },
    );
  }
}

/** @throws Problem naming the copies there are, when this one is not among them. */
export function requireRecord(checkout: Checkout, name: string): CopyRecord {
  const record = readRecord(checkout, name);
  if (record) return record;
  const known = listNames(checkout);
  const others = known.length > 0 ? `There is ${known.join(", ")}.` : "There is none yet.";
  throw new Problem(`No copy is called "${name}". ${others} Bring it up with: make up COPY=${name}`);
}

export function writeRecord(checkout: Checkout, record: CopyRecord): CopyRecord {
  writeFileAtomically(copyPaths(checkout, record.name).record, `${JSON.stringify(record, null, 2)}\n`);
  return record;
}

/** Every copy of this checkout in the order of their names, the unreadable ones marked as such. */
export function listRecords(checkout: Checkout): (CopyRecord | UnreadableRecord)[] {
  return listNames(checkout).map((name) => {
    try {
      return readRecord(checkout, name) ?? { name, problem: "its record is missing" };
    } catch (error) {
      return { name, problem: error instanceof Error ? error.message : String(error) };
    }
  });
}

export function isReadable(entry: CopyRecord | UnreadableRecord): entry is CopyRecord {
  return !("problem" in entry);
}

function listNames(checkout: Checkout): string[] {
  if (!existsSync(checkout.copiesDir)) return [];
  const entries = readdirSync(checkout.copiesDir, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => entry.name)
    .sort();
}

/** Removes a copy's files, the record last, so that a removal cut short is still known as one. */
export function removeCopyFiles(checkout: Checkout, name: string): void {
  const { directory, record } = copyPaths(checkout, name);
  if (!existsSync(directory)) return;
  for (const entry of readdirSync(directory)) {
    if (entry !== "copy.json") rmSync(`${directory}/${entry}`, { recursive: true, force: true });
  }
  rmSync(record, { force: true });
  rmSync(directory, { recursive: true, force: true });
}

/** Once the last copy is gone, so is the folder of the copies. Someone else's file in it keeps it. */
export function removeEmptyFolders(checkout: Checkout): void {
  if (listNames(checkout).length === 0) rmSync(subsetsDirectory(checkout), { recursive: true, force: true });
  const servers = [dataServerDirectory(checkout), queueServerDirectory(checkout)];
  for (const directory of [locksDirectory(checkout), ...servers, checkout.copiesDir]) {
    try {
      rmdirSync(directory);
    } catch {
      // Not empty, or not there: both are fine.
    }
  }
}

/** Writes a file so that a reader, or a kill at any moment, meets the old content or the new, never a part. */
export function writeFileAtomically(file: string, content: string, mode = 0o644): void {
  mkdirSync(dirname(file), { recursive: true });
  const taken = `${file}.${process.pid}.tmp`;
  writeFileSync(taken, content, { mode });
  renameSync(taken, file);
}

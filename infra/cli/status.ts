import { type Checkout, findCheckout } from "../copies/checkout";
import { type Copy, copyOf, databaseUrl, ratesUrl } from "../copies/copy";
import { describeDump } from "../copies/dump-source";
import { lockHolder } from "../copies/lock";
import { type CopyRecord, isReadable, listRecords, requireRecord, type UnreadableRecord } from "../copies/registry";
import { engineElsewhere, runtimeOf } from "../runtimes/choice";
import { formatDuration } from "./duration";
import { formatTable } from "./table";

/** One copy as `copy status --json` prints it. Scripts rely on these names; what is not known is null. */
export interface CopyStatus {
  readonly name: string;
  readonly runtime: string | null;
  /**
   * `running`, `stopped`, `broken`, `unfinished`, `busy` (a command works on it), `elsewhere` (on another engine) or
   * `unreadable`.
   */
  readonly state: string;
  readonly size: string | null;
  readonly url: string | null;
  /** Without password; `copy vars NAME` prints the PGPASSFILE that goes with it. */
  readonly database_url: string | null;
  readonly queue_url: string | null;
  readonly revision: string | null;
  readonly server_version: string | null;
  /** ISO 8601, UTC. */
  readonly created_at: string | null;
  /** When `copy prune` may remove it; null is never. */
  readonly expires_at: string | null;
  /** What the copy's own processes take together, shared pages by share. */
  readonly memory_bytes: number | null;
  /** Where its data came from: a dump, a part of one, or another copy. */
  readonly data: string | null;
  /** What is the matter, or what is being done. */
  readonly detail: string | null;
}

/** `copy status [NAME]`: every copy of this checkout, or one. */
export async function status(name: string | undefined, options: { readonly json: boolean }): Promise<void> {
  const checkout = findCheckout();
  const entries = name ? [requireRecord(checkout, name)] : listRecords(checkout);
  const rows = await Promise.all(entries.map((entry) => statusOf(checkout, entry)));
  if (options.json) console.log(JSON.stringify(rows, null, 2));
  else if (rows.length === 0) console.log("There is no copy yet. Bring one up: make up");
  else console.log(formatTable(rows.map(forPeople)));
}

async function statusOf(checkout: Checkout, entry: CopyRecord | UnreadableRecord): Promise<CopyStatus> {
  if (!isReadable(entry)) return { ...NOTHING_KNOWN, name: entry.name, state: "unreadable", detail: entry.problem };
  const copy = copyOf(checkout, entry);
  const elsewhere = engineElsewhere(entry);
  if (elsewhere) return { ...NOTHING_KNOWN, ...knownOf(copy), state: "elsewhere", detail: `on ${elsewhere}` };
  const runtime = runtimeOf(entry);
  const holder = lockHolder(checkout, entry.name);
  const [found, database, queue, memory] = await Promise.all([
    runtime.inspect(copy),
    runtime.database(copy).catch(() => undefined),
    runtime.queue(copy).catch(() => undefined),
    runtime.memory(copy),
  ]);
  return {
    ...knownOf(copy),
    state: holder ? "busy" : found.state,
    database_url: database ? databaseUrl(database) : null,
    queue_url: queue ? databaseUrl(queue) : null,
    revision: found.revision ?? null,
    server_version: found.serverVersion ?? null,
    memory_bytes: memory ?? null,
    detail: holder ? `copy ${holder.purpose} (pid ${holder.pid})` : (found.detail ?? null),
  };
}

/** What the record alone tells. */
function knownOf(copy: Copy) {
  const { name, runtime, size, createdAt, expiresAt } = copy.record;
  const moments = { created_at: createdAt, expires_at: expiresAt ?? null };
  return { name, runtime, size, url: ratesUrl(copy), ...moments, data: dataOf(copy) };
}

function dataOf({ record }: Copy): string {
  return record.branch ? `copy ${record.branch.copy} at ${record.branch.at}` : describeDump(record.dump);
}

const NOTHING_KNOWN = {
  runtime: null,
  size: null,
  url: null,
  database_url: null,
  queue_url: null,
  revision: null,
  server_version: null,
  created_at: null,
  expires_at: null,
  memory_bytes: null,
  data: null,
} as const;

/** The columns that fit a terminal, with ages in place of moments. */
function forPeople(row: CopyStatus): object {
  const { name, runtime, size, state, url, memory_bytes, revision, server_version, data, detail } = row;
  const since = (moment: string | null) => (moment ? formatDuration(Date.now() - Date.parse(moment)) : null);
  const left = row.expires_at ? Date.parse(row.expires_at) - Date.now() : undefined;
  return {
    name,
    runtime,
    size,
    state,
    url,
    age: since(row.created_at),
    "expires in": left === undefined ? null : left > 0 ? formatDuration(left) : "expired",
    memory: memory_bytes === null ? null : `${Math.round(memory_bytes / 2 ** 20)} MiB`,
    revision,
    postgresql: server_version,
    data,
    detail,
  };
}

import { type Checkout, findCheckout } from "../copies/checkout";
import { copyOf, databaseUrl, ratesUrl } from "../copies/copy";
import { lockHolder } from "../copies/lock";
import { type CopyRecord, isReadable, listRecords, requireRecord, type UnreadableRecord } from "../copies/registry";
import { runtimeOf } from "../runtimes/choice";
import { formatTable } from "./table";

/** One copy as `copy status --json` prints it. Scripts rely on these names; what is not known is null. */
export interface CopyStatus {
  readonly name: string;
  readonly runtime: string | null;
  /** `running`, `stopped`, `broken`, `unfinished`, `busy` (a command works on it) or `unreadable`. */
  readonly state: string;
  readonly size: string | null;
  readonly url: string | null;
  /** Without password; `copy vars NAME` prints the PGPASSFILE that goes with it. */
  readonly database_url: string | null;
  readonly revision: string | null;
  readonly server_version: string | null;
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
  else console.log(formatTable(rows));
}

async function statusOf(checkout: Checkout, entry: CopyRecord | UnreadableRecord): Promise<CopyStatus> {
  if (!isReadable(entry)) return { ...NOTHING_KNOWN, name: entry.name, state: "unreadable", detail: entry.problem };
  const copy = copyOf(checkout, entry);
  const runtime = runtimeOf(entry);
  const holder = lockHolder(checkout, entry.name);
  const [found, database] = await Promise.all([runtime.inspect(copy), runtime.database(copy).catch(() => undefined)]);
  return {
    name: entry.name,
    runtime: entry.runtime,
    state: holder ? "busy" : found.state,
    size: entry.size,
    url: ratesUrl(copy),
    database_url: database ? databaseUrl(database) : null,
    revision: found.revision ?? null,
    server_version: found.serverVersion ?? null,
    detail: holder ? `copy ${holder.purpose} (pid ${holder.pid})` : (found.detail ?? null),
  };
}

const NOTHING_KNOWN = {
  runtime: null,
  size: null,
  url: null,
  database_url: null,
  revision: null,
  server_version: null,
} as const;

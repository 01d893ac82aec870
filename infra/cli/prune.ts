import { findCheckout } from "../copies/checkout";
import { lockHolder } from "../copies/lock";
import { type CopyRecord, isReadable, listRecords, removeEmptyFolders } from "../copies/registry";
import { down } from "./down";
import { removeUnused } from "./removal";

/** What `copy prune --json` prints. */
interface Pruned {
  /** Names of the copies whose time was over. */
  readonly copies: readonly string[];
  /** Names of expired copies that a command was at work on; the next prune takes them. */
  readonly busy: readonly string[];
  /** What was kept for the next copy and no copy used. */
  readonly unused: readonly string[];
}

/** `copy prune`: removes the copies whose TTL is over, and what no copy uses any more. */
export async function prune({ json }: { readonly json: boolean }): Promise<void> {
  const checkout = findCheckout();
  const expired = listRecords(checkout).filter(isReadable).filter(isExpired);
  const busy = expired.filter(({ name }) => lockHolder(checkout, name)).map(({ name }) => name);
  const copies = expired.map(({ name }) => name).filter((name) => !busy.includes(name));
  // The steps are for people; a script wants its object alone on standard output.
  if (copies.length > 0) await (json ? quietly(() => down(copies)) : down(copies));
  const unused = await removeUnused(checkout);
  removeEmptyFolders(checkout);
  const pruned = { copies, busy, unused };
  console.log(json ? JSON.stringify(pruned, null, 2) : tell(pruned));
}

function isExpired({ expiresAt }: CopyRecord): boolean {
  return expiresAt !== undefined && Date.parse(expiresAt) <= Date.now();
}

function tell(pruned: Pruned): string {
  const { copies, busy, unused } = pruned;
  const lines = [
    ...busy.map((name) => `Copy "${name}" has expired and a command is at work on it: left for the next prune.`),
    ...unused.map((line) => `removed ${line}`),
  ];
  const nothing = copies.length + lines.length === 0;
  return nothing ? "Nothing to prune: no copy has expired, and everything is in use." : lines.join("\n");
}

/** With what is printed meanwhile on standard error. */
async function quietly(work: () => Promise<void>): Promise<void> {
  const write = process.stdout.write;
  process.stdout.write = process.stderr.write.bind(process.stderr) as typeof write;
  try {
    await work();
  } finally {
    process.stdout.write = write;
  }
}

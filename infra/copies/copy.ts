import type { Checkout } from "./checkout";
import { enginePlace } from "./engine-place";
import type { Owner } from "./ledger";
import { type CopyPaths, copyPaths } from "./names";
import type { CopyRecord } from "./registry";

/** One complete environment: its record, and where its files lie. */
export interface Copy {
  readonly checkout: Checkout;
  readonly record: CopyRecord;
  readonly paths: CopyPaths;
}

export function copyOf(checkout: Checkout, record: CopyRecord): Copy {
  return { checkout, record, paths: copyPaths(checkout, record.name) };
}

/** The copy as the ledger knows it. */
export function ledgerOwner(checkout: Checkout, name: string): Owner {
  return { file: copyPaths(checkout, name).record, title: `copy "${name}" of ${checkout.copiesDir}` };
}

export function ratesUrl({ record }: Pick<Copy, "record">): string {
  return `http://${enginePlace(record.docker?.engine).host}:${record.port}`;
}

/** Where a copy's database is, without its password. */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** The password alone, as the service reads it (DATABASE_PASSWORD_FILE). */
  readonly passwordFile: string;
}

/** A database URL that is safe to print: it has no password. */
export function databaseUrl({ user, host, port, database }: DatabaseAddress): string {
  return `postgresql://${user}@${host}:${port}/${database}`;
}

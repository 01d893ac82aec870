import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findCheckout } from "infra/copies/checkout";

/** A line of a COPY block of prices: origin, destination, day, price. */
const PRICE_LINE = /^([^\t\n]+\t[^\t\n]+\t\d{4}-\d{2}-\d{2}\t)(\d+)$/gm;

/** The shipped dump, with every price changed by `change`. */
export function writeChangedDump(file: string, change: (price: number, line: number) => number): string {
  const dump = readFileSync(join(findCheckout().root, "db", "rates.sql"), "utf8");
  let line = 0;
  const changed = dump.replace(PRICE_LINE, (_all, head: string, price: string) => {
    line += 1;
    return `${head}${change(Number(price), line)}`;
  });
  writeFileSync(file, changed);
  return file;
}

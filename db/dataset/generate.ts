import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type DumpConstraint, type DumpContent, type DumpTable, dumpText } from "./pg-dump";
import { PORTS } from "./ports";
import { allPrices } from "./prices";
import { REGIONS } from "./regions";

/** Where the shipped dump lies. */
export const SHIPPED_DUMP = resolve(__dirname, "..", "rates.sql");

/**
 * Writes the shipped dump, the same bytes every time; `make dataset` runs it. Cut short, it leaves the former file.
 * @throws what the file system says, when the path cannot be written
 */
export async function writeDataset(path: string): Promise<void> {
  const unfinished = `${path}.unfinished`;
  try {
    await pipeline(Readable.from(dumpText(datasetContent())), createWriteStream(unfinished));
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

function datasetContent(): DumpContent {
  return {
    tables: [portsTable(), pricesTable(), regionsTable()],
    primaryKeys: [primaryKey("ports", "code"), primaryKey("regions", "slug")],
    foreignKeys: [
      foreignKey("ports", "parent_slug", "regions(slug)"),
      foreignKey("prices", "dest_code", "ports(code)"),
      foreignKey("prices", "orig_code", "ports(code)"),
      foreignKey("regions", "parent_slug", "regions(slug)"),
    ],
  };
}

function portsTable(): DumpTable {
  return {
    name: "ports",
    columns: { code: "text NOT NULL", name: "text NOT NULL", parent_slug: "text NOT NULL" },
    rows: PORTS.map(({ code, name, parentSlug }) => [code, name, parentSlug]),
  };
}

function pricesTable(): DumpTable {
  return {
    name: "prices",
    columns: {
      orig_code: "text NOT NULL",
      dest_code: "text NOT NULL",
      day: "date NOT NULL",
      price: "integer NOT NULL",
    },
    rows: priceRows(),
  };
}

function* priceRows(): Generator<readonly (string | number)[]> {
  for (const { origCode, destCode, day, price } of allPrices()) yield [origCode, destCode, day, price];
}

function regionsTable(): DumpTable {
  return {
    name: "regions",
    columns: { slug: "text NOT NULL", name: "text NOT NULL", parent_slug: "text" },
    rows: REGIONS.map(({ slug, name, parentSlug }) => [slug, name, parentSlug]),
  };
}

function primaryKey(table: string, column: string): DumpConstraint {
  return { table, name: `${table}_pkey`, definition: `PRIMARY KEY (${column})` };
}

function foreignKey(table: string, column: string, target: string): DumpConstraint {
  return { table, name: `${table}_${column}_fkey`, definition: `FOREIGN KEY (${column}) REFERENCES public.${target}` };
}

if (require.main === module) {
  const path = resolve(process.argv[2] ?? SHIPPED_DUMP);
  writeDataset(path).then(
    () => console.log(`wrote ${path}`),
    (error: unknown) => {
      console.error(`The dataset cannot be written to ${path}:`, error);
      process.exitCode = 1;
    },
  );
}

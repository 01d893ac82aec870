import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findCheckout } from "../copies/checkout";
import { refuseForeignDatabase } from "../copies/connection";
import { type Copy, copyOf, databaseUrl, ratesUrl } from "../copies/copy";
import { requireRecord } from "../copies/registry";
import { writePassfile } from "../copies/secrets";
import { runtimeOf } from "../runtimes/choice";

/** What other programs need to talk to the copy. No value is a secret; PGPASSFILE names the file that holds one. */
async function copyVariables(copy: Copy): Promise<Record<string, string>> {
  const found = await runtimeOf(copy.record).database(copy);
  await refuseForeignDatabase(copy, found);
  const { passwordFile, ...address } = found;
  // Programs that ask the data alone go on while the queue is away.
  const queue = await runtimeOf(copy.record)
    .queue(copy)
    .catch(() => undefined);
  const passfile = join(copy.paths.secrets, "pgpass");
  writePassfile(passfile, { ...address, password: readFileSync(passwordFile, "utf8").trim() });
  return {
    COPY: copy.record.name,
    COPY_ID: copy.record.id,
    RATES_URL: ratesUrl(copy),
    DATABASE_URL: databaseUrl({ passwordFile, ...address }),
    DATABASE_PASSWORD_FILE: passwordFile,
    ...(queue ? { QUEUE_URL: databaseUrl(queue), QUEUE_PASSWORD_FILE: queue.passwordFile } : {}),
    PGPASSFILE: passfile,
    PGHOST: address.host,
    PGPORT: String(address.port),
    PGUSER: address.user,
    PGDATABASE: address.database,
  };
}

/** `copy vars NAME`: shell assignments, for `eval "$(copy vars qa)"`. */
export async function vars(name: string, options: { readonly json: boolean }): Promise<void> {
  const checkout = findCheckout();
  const variables = await copyVariables(copyOf(checkout, requireRecord(checkout, name)));
  if (options.json) console.log(JSON.stringify(variables, null, 2));
  else for (const [key, value] of Object.entries(variables)) console.log(`export ${key}=${quote(value)}`);
}

/** A word of the shell: in single quotes, which only a single quote can end. */
function quote(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}

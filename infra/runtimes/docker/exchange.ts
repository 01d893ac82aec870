import { COPY_ID_SETTING } from "../../copies/connection";
import type { Copy } from "../../copies/copy";
import { runAsSuperuser, serverContainer } from "./superuser";

/** The database while it is made, and while it is removed. What a killed command left of either is in nobody's way. */
const BORN = "rates_born";
const GONE = "rates_gone";

/**
 * How long the exchange may wait for whoever is looking at the list of databases. Nobody does that for long, and new
 * connections wait behind us meanwhile: shorter than the service waits for one (DATABASE_CONNECT_TIMEOUT_MS).
 */
const LOCK_TIMEOUT = "1s";

/** Puts a copy's data back to the `pristine` of its own server, in one exchange. */
export async function exchangeData(copy: Copy): Promise<void> {
  await runAsSuperuser(await serverContainer(copy, "database"), exchangeScript(copy.record.id));
}

/**
 * A clone of the template takes the name of the database in one transaction, so a kill at any moment leaves the old one or
 * the new one, and connections to it are never forbidden. The lock on the list of databases is what keeps new sessions
 * waiting between the end of the old ones and the exchange; they then find the new database. The ended ones are gone in
 * milliseconds; RENAME waits for them.
 */
function exchangeScript(copyId: string): string {
  return `SET client_min_messages = warning;
DROP DATABASE IF EXISTS ${BORN} WITH (FORCE);
DROP DATABASE IF EXISTS ${GONE} WITH (FORCE);
CREATE DATABASE ${BORN} TEMPLATE pristine OWNER rates;
REVOKE ALL ON DATABASE ${BORN} FROM PUBLIC;
ALTER DATABASE ${BORN} SET ${COPY_ID_SETTING} = '${copyId}';
BEGIN;
SET LOCAL lock_timeout = '${LOCK_TIMEOUT}';
LOCK TABLE pg_database IN ACCESS EXCLUSIVE MODE;
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'rates';
ALTER DATABASE rates RENAME TO ${GONE};
ALTER DATABASE ${BORN} RENAME TO rates;
COMMIT;
DROP DATABASE ${GONE} WITH (FORCE);
`;
}

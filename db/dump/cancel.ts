import { Client } from "pg";

/** Making another connection takes milliseconds; a server that does not answer must not hold up Ctrl-C. */
const CONNECT_TIMEOUT_MS = 2_000;

/**
 * Until it is disposed of, an abort cancels the statement that the client is running: adding a foreign key to a large
 * table takes minutes. PostgreSQL takes such a request on another connection only.
 */
export async function cancelOnAbort(client: Client, signal: AbortSignal | undefined): Promise<AsyncDisposable> {
  if (!signal) return { [Symbol.asyncDispose]: async () => undefined };
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  let cancelling: Promise<void> | undefined;
  const onAbort = () => {
    cancelling = cancel(client, rows[0]?.pid);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  return {
    // A request on its way must not reach a later statement, such as the rollback.
    [Symbol.asyncDispose]: async () => {
      signal.removeEventListener("abort", onAbort);
      await cancelling;
    },
  };
}

/** Does its best: where it fails, the abort waits for the statement to end. */
async function cancel(client: Client, pid: number | undefined): Promise<void> {
  const { host, port, user, database, password, ssl } = client;
  const other = new Client({ host, port, user, database, password, ssl, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  other.on("error", () => undefined);
  try {
    await other.connect();
    await other.query("SELECT pg_cancel_backend($1)", [pid]);
  } catch {
  } finally {
    await other.end().catch(() => undefined);
  }
}

import { setTimeout as delay } from "node:timers/promises";
import { type Client, DatabaseError } from "pg";
import type { Connection } from "../../copies/connection";
import { Problem } from "../../copies/problem";
import { connectAsAdministrator } from "./administrator";

/** What is done to a database that nobody may be connected to, and what it tells meanwhile. */
export interface VacantWork {
  readonly database: string;
  /** Begins with a statement that locks the database itself: CREATE DATABASE ... TEMPLATE, or a rename. */
  run(admin: Client): Promise<void>;
  readonly signal?: AbortSignal | undefined;
  /** Told what has to be waited for. */
  report?(detail: string): void;
}

/**
 * How long, in ms, new connections may be kept waiting: half of what the service waits for one by default
 * (DATABASE_CONNECT_TIMEOUT_MS), so that no request is lost by it.
 */
const PARK_LIMIT_MS = 1_000;
/** Between two attempts those who waited get their turn. */
const PAUSE_MS = 300;
/** A batch may be in flight; whoever asks for more than a minute of quiet is told who is not quiet. */
const PATIENCE_MS = 60_000;
const POLL_MS = 10;

/** PostgreSQL's errcodes: sessions are in the database; our statement was cancelled. */
const IN_USE = "55006";
const CANCELLED = "57014";

/**
 * Does what needs a database without sessions, and loses nobody's work: idle sessions are ended (a pool opens others,
 * which wait on the database's own lock until we are done), statements in progress are waited for. PostgreSQL waits 5 s
 * for sessions to leave and then gives up; here the wait is cut short, so that nobody is kept out for long, and begun
 * again. Nothing has to be put back after a kill: the lock goes with our session.
 * @throws Problem naming what kept the database busy
 */
export async function whileVacant(directory: string, work: VacantWork): Promise<void> {
  await using admin = await connectAsAdministrator(directory);
  await using usher = await connectAsAdministrator(directory);
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    work.signal?.throwIfAborted();
    if (await attempt(admin, usher, work)) return;
    const [busy = "sessions that come and go"] = await busySessions(usher, work.database);
    if (Date.now() > deadline) {
      throw new Problem(
        `Database ${work.database} is busy and was left as it is: ${busy}. Try again once it has ended.`,
      );
    }
    work.report?.(`waiting for ${busy}`);
    await delay(PAUSE_MS);
  }
}

/** @returns false where sessions that are at work were in the way. */
async function attempt(admin: Connection, usher: Connection, { database, run }: VacantWork): Promise<boolean> {
  let over = false;
  const pid = await backendOf(admin);
  const cancel = () => usher.query("SELECT pg_cancel_backend($1)", [pid]);
  const working = run(admin).finally(() => {
    over = true;
  });
  const ushering = emptyOut(usher, database, () => over).then((empty) => (empty || over ? undefined : cancel()));
  const [outcome] = await Promise.allSettled([working, ushering]);
  if (outcome.status === "fulfilled") return true;
  await admin.query("ROLLBACK");
  if (outcome.reason instanceof DatabaseError && [IN_USE, CANCELLED].includes(outcome.reason.code ?? "")) return false;
  throw outcome.reason;
}

/** Ends idle sessions until there is none of any kind. @returns false where others are still at work at the limit */
async function emptyOut(usher: Client, database: string, isOver: () => boolean): Promise<boolean> {
  for (const limit = Date.now() + PARK_LIMIT_MS; Date.now() < limit && !isOver(); await delay(POLL_MS)) {
    const { rows } = await usher.query<{ left: number }>(
      `SELECT count(*) FILTER (WHERE state <> 'idle' OR NOT pg_terminate_backend(pid))::integer AS left
       FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'`,
      [database],
    );
    if (rows[0]?.left === 0) return true;
  }
  return false;
}

async function backendOf(session: Client): Promise<number> {
  const { rows } = await session.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return rows[0]?.pid ?? 0;
}

async function busySessions(usher: Client, database: string): Promise<string[]> {
  const { rows } = await usher.query<{ what: string }>(
    `SELECT format('%s (pid %s, %s for %s s)', coalesce(nullif(application_name, ''), 'a session'), pid, state,
                   round(extract(epoch FROM clock_timestamp() - coalesce(xact_start, state_change)))) AS what
     FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend' AND state <> 'idle' ORDER BY xact_start`,
    [database],
  );
  return rows.map(({ what }) => what);
}

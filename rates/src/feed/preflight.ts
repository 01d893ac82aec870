import { statfs } from "node:fs/promises";
import type { Config } from "../config";
import { Database } from "../platform/database/database";
import { explanationOf } from "../platform/explanation";
import type { Answer } from "./answer";
import { COUNT_EVENTS_SQL } from "./queries";
import type { Source } from "./source";
import { openUpstream } from "./upstream";

/** One thing that a pull needs. */
interface Check {
  readonly what: string;
  readonly ok: boolean;
  readonly found: string;
}

/** Enough events to tell their size and the upstream's manners; the rate limit counts requests, not events. */
const PROBE_EVENTS = 100;
/** What an event takes in the database, as a multiple of its own text: row, index and the log that is written ahead. */
const ROOM_PER_BYTE = 3;

/**
 * `rates feed preflight`: looks at everything a pull needs, at the cost of one request of each source, and tells how long it
 * will take.
 * @returns the exit code: 0 when a pull can begin
 */
export async function preflight(config: Config, { json }: { readonly json: boolean }): Promise<number> {
  const checks = await allChecks(config);
  if (json) console.log(JSON.stringify(checks, null, 2));
  else for (const { what, ok, found } of checks) console.log(`${ok ? "ok  " : "FAIL"}  ${what}: ${found}`);
  return checks.every(({ ok }) => ok) ? 0 : 1;
}

async function allChecks(config: Config): Promise<Check[]> {
  const database = await checkDatabase(config);
  try {
    return [...database, ...(await checkUpstream(config))];
  } catch (error) {
    return [...database, { what: "settings", ok: false, found: explanationOf(error) }];
  }
}

async function checkDatabase(config: Config): Promise<Check[]> {
  const database = new Database(config, () => {});
  try {
    await database.check();
    const [row] = await database.read<{ count: number }>({ text: COUNT_EVENTS_SQL });
    const [setting] = await database.read<{ folder: string | null }>({
      text: "SELECT setting AS folder FROM pg_settings WHERE name = 'data_directory'",
    });
    return [
      { what: "database", ok: true, found: `in order, ${row?.count ?? 0} events are stored` },
      await checkDisk(setting?.folder ?? undefined),
    ];
  } catch (error) {
    return [{ what: "database", ok: false, found: explanationOf(error) }];
  } finally {
    await database.close();
  }
}

/** A database on another machine, or of another user, has a disk that cannot be looked at from here. */
async function checkDisk(folder: string | undefined): Promise<Check> {
  try {
    const { bavail, bsize } = await statfs(folder ?? "");
    const free = bavail * bsize;
    return { what: "disk", ok: free > 1e9, found: `${gigabytes(free)} free where the database is` };
  } catch {
    return { what: "disk", ok: true, found: "cannot be seen from here: see to it that the database has room" };
  }
}

async function checkUpstream(config: Config): Promise<Check[]> {
  const { sources, client, key } = openUpstream(config);
  const signal = AbortSignal.timeout(2 * config.FEED_TIMEOUT_MS);
  try {
    const checks: Check[] = [{ what: "key", ok: true, found: `${key.length} characters` }];
    const events = await sources.events.fetch({ limit: PROBE_EVENTS }, signal);
    checks.push(checkOf("/events", events));
    const stream = sources.stream && (await sources.stream.fetch({ limit: PROBE_EVENTS }, signal));
    if (stream) checks.push({ ...checkOf("stream", stream), ok: true });
    const [source, answer] =
      stream?.kind === "page" && sources.stream ? [sources.stream, stream] : [sources.events, events];
    return [...checks, ...forecast(config, source, answer)];
  } finally {
    await client.close();
  }
}

function checkOf(what: string, answer: Answer): Check {
  if (answer.kind !== "page") return { what, ok: false, found: answer.why };
  const { events, total } = answer.page;
  return {
    what,
    ok: true,
    found: `${events.length} events in ${Math.round(answer.tookMs)} ms, ${total ?? "unknown"} in all`,
  };
}

function forecast(config: Config, source: Source, answer: Answer): Check[] {
  if (answer.kind !== "page") return [];
  const { limit } = source.budget;
  const checks = [{ what: "limit", ok: true, found: `${limit ?? "no"} requests a window on ${source.name}` }];
  const { total, events } = answer.page;
  if (total === undefined || events.length === 0) return checks;
  const pages = Math.ceil(total / config.BATCH_SIZE);
  const bytes = events.reduce((sum, { payload }) => sum + payload.length, 0) / events.length;
  const room = total * bytes * ROOM_PER_BYTE;
  // What the answer to a small page takes is mostly the way there and back.
  const seconds = limit === undefined ? (pages * answer.tookMs) / 1_000 : (pages / limit) * 60;
  return [
    ...checks,
    {
      what: "duration",
      ok: true,
      found: `${pages} pages, about ${duration(seconds)}${limit ? " where a window is a minute" : ""}`,
    },
    { what: "room", ok: true, found: `about ${gigabytes(room)} in the database` },
  ];
}

function duration(seconds: number): string {
  return seconds < 120 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

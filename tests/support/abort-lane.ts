import { readdirSync, readlinkSync } from "node:fs";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { Connection } from "infra/copies/connection";
import type { LaneCodes } from "rates/src/prices/batches/lane-ids";
import { sampleRows } from "rates/src/prices/batches/sample-rows";
import { environmentFor } from "rates/testing/api";
import { openBatch, postBatch } from "rates/testing/batches";
import { ask } from "rates/testing/http";
import { DIFFERENCES_SQL } from "rates/testing/rollup";
import { ServiceProcess } from "rates/testing/service-process";
import { DataWatch } from "./data-watch";
import { temporaryFolder } from "./folder";
import { type TestServer, testServer } from "./server";
import { until } from "./until";

/** How a batch ends before its commit. */
export const ABORTS = ["bad last row", "hang-up", "kill -9 of the API", "kill -9 of a backend"] as const;
export type Abort = (typeof ABORTS)[number];

/** The ledger of a copy in use: against it the few pages that aborted batches leave in its indexes do not count. */
const LEDGER_SQL = `
  INSERT INTO batches (idempotency_key, payload_sha256, rows, checksum, data_version)
  SELECT 'earlier-' || id, sha256(id::text::bytea), 1, '', 0 FROM generate_series(1, 5000) AS id`;
const FIRST_ROWS = 300_000;
/** Batches of one chunk, which stay in memory, and of several, which are spooled. */
const SIZES = [100_000, 200_000, 300_000] as const;

/** Advisory locks: the service's own before its merge, and one of ours for which a COMMIT waits. */
const LOCKS = { merge: 6_604_001, commit: 77 } as const;

const WAIT_IN_COMMIT = `
  CREATE FUNCTION wait_in_commit() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock_shared(${LOCKS.commit}); RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER wait_in_commit AFTER INSERT ON batches DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION wait_in_commit()`;

/** Moments of a load at which it is killed, by what its session runs; at the last one it waits for a lock. */
const STAGES = {
  merge: ["COPY raw_prices", "COPY batch_stage", "SELECT pg_advisory_xact_lock"],
  commit: ["COPY raw_prices", "COPY batch_stage", "INSERT INTO lane_months", "COMMIT"],
} as const;

const SESSIONS_SQL = `
  SELECT pid, state, coalesce(wait_event, '') AS waits, ltrim(query, E' \\n') AS query, state_change::text AS since
  FROM pg_stat_activity WHERE application_name = 'rates' AND state <> 'idle'`;

/** A session of the service that is doing something. */
interface Session {
  readonly pid: number;
  readonly state: string;
  readonly waits: string;
  readonly query: string;
  readonly since: string;
}

const SIZES_SQL = `
  SELECT relname AS name, pg_total_relation_size(oid)::float8 AS bytes
  FROM pg_class WHERE relname IN ('raw_prices', 'lane_months', 'batches') AND relkind = 'r' ORDER BY relname`;

interface Parts {
  readonly server: TestServer;
  readonly database: string;
  readonly bundle: string;
  readonly random: () => number;
  readonly lanes: readonly LaneCodes[];
}

/** A server and a service of their own, in which batches are aborted; `await using` ends both. */
export class AbortLane implements AsyncDisposable {
  /** Rows that were sent in vain, by how. */
  readonly rowsSent: Readonly<Record<Abort, number[]>> = {
    "bad last row": [],
    "hang-up": [],
    "kill -9 of the API": [],
    "kill -9 of a backend": [],
  };
  readonly #parts: Parts;
  readonly #spool = temporaryFolder();
  readonly #payloads = new Map<number, Buffer>();
  #service: ServiceProcess | undefined;
  #port = 0;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @param bundle the service; `random` chooses sizes and moments */
  static async start({ bundle, random }: Pick<Parts, "bundle" | "random">): Promise<AbortLane> {
    const server = await testServer();
    const database = await server.createDatabase("migrated");
    await using client = await server.connect(database);
    const { rows: lanes } = await client.query<{ orig: string; dest: string }>(
      "SELECT orig_code AS orig, dest_code AS dest FROM lanes ORDER BY id",
    );
    const lane = new AbortLane({ server, database, bundle, random, lanes });
    await lane.#startService();
    await lane.take();
    await client.query(LEDGER_SQL);
    await client.query(WAIT_IN_COMMIT);
    return lane;
  }

  /** Watches the data until the result is disposed of. */
  watch(): Promise<DataWatch> {
    return DataWatch.begin(() => this.#connect());
  }

  /** Aborts one batch and looks that nothing of it is left. @throws when something is */
  async abort(kind: Abort): Promise<void> {
    const rows = SIZES[Math.floor(this.#parts.random() * SIZES.length)] ?? SIZES[0];
    const body = await this.#payload(rows);
    if (kind === "bad last row") await this.#spoil(body);
    else if (kind === "hang-up") await this.#hangUp(body);
    else if (kind === "kill -9 of the API") await this.#killApi(body);
    else await this.#killBackend(body);
    this.rowsSent[kind].push(rows);
    // One that has just heard of it may be opening its file still.
    const isLetGo = async () => this.#openSpoolFiles() === 0 && readdirSync(this.#spool.path).length === 0;
    await until(`the service to let go of the batch after ${kind}, and of its file`, isLetGo);
    await until("the database to let go of the batch", async () => {
      await using client = await this.#connect();
      const { rows } = await client.query<Session>(SESSIONS_SQL);
      return rows.length === 0 || unexpected(rows);
    });
  }

  /** Takes a batch in, which is not aborted. */
  async take(): Promise<void> {
    const body = await this.#payload(FIRST_ROWS);
    const { status, body: text } = await postBatch(this.#port, { body });
    if (status !== 201) throw new Error(`a sound batch was answered ${status}: ${text}`);
  }

  /** How many days differ between rollup and prices. */
  async differences(): Promise<number | undefined> {
    await using client = await this.#connect();
    return (await client.query<{ count: number }>(DIFFERENCES_SQL)).rows[0]?.count;
  }

  /** Gives pages of aborted rows back, as autovacuum does in its time. */
  async vacuum(): Promise<void> {
    await using client = await this.#connect();
    for (const table of ["raw_prices", "lane_months", "batches"]) await client.query(`VACUUM ${table}`);
  }

  /** Bytes of each table with its indexes. */
  async sizes(): Promise<ReadonlyMap<string, number>> {
    await using client = await this.#connect();
    const { rows } = await client.query<{ name: string; bytes: number }>(SIZES_SQL);
    return new Map(rows.map(({ name, bytes }) => [name, bytes]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#service?.[Symbol.asyncDispose]();
    await this.#parts.server[Symbol.asyncDispose]();
    this.#spool[Symbol.dispose]();
  }

  #connect(): Promise<Connection> {
    return this.#parts.server.connect(this.#parts.database);
  }

  async #startService(): Promise<void> {
    const { server, database, bundle } = this.#parts;
    const access = { url: server.url(database), passwordFile: server.passwordFile };
    this.#service = new ServiceProcess(bundle, environmentFor(access, { SPOOL_DIR: this.#spool.path }));
    this.#port = await this.#service.port();
  }

  /** On all lanes and two months, so that the merge changes nearly every row of the rollup. */
  async #payload(rows: number): Promise<Buffer> {
    const known = this.#payloads.get(rows);
    if (known !== undefined) return known;
    const { lanes } = this.#parts;
    const made = await buffer(Readable.from(sampleRows({ rows, seed: rows, lanes }), { objectMode: false }));
    this.#payloads.set(rows, made);
    return made;
  }

  async #spoil(body: Buffer): Promise<void> {
    const { status, body: text } = await postBatch(this.#port, { body: Buffer.concat([body, Buffer.from("x\n")]) });
    if (status !== 422) throw new Error(`a bad last row was answered ${status}: ${text}`);
  }

  async #hangUp(body: Buffer): Promise<void> {
    const batch = openBatch(this.#port);
    await batch.write(this.#mostOf(body));
    await batch.cut();
  }

  /** While it receives or while it loads. No batch can get past the merge's lock meanwhile. */
  async #killApi(body: Buffer): Promise<void> {
    await using locker = await this.#connect();
    await locker.query("SELECT pg_advisory_lock($1)", [LOCKS.merge]);
    const batch = openBatch(this.#port);
    if (this.#parts.random() < 0.3) {
      await batch.write(this.#mostOf(body));
    } else {
      batch.end(body);
      await Promise.race([this.#untilLoading(locker, "merge"), refusal(batch.answer())]);
    }
    this.#service?.signal("SIGKILL");
    const status = await batch.status().catch(() => "cut");
    if (status !== "cut") throw new Error(`the killed service answered ${status}`);
    await this.#service?.exit;
    await this.#startService();
  }

  /** The server ends every session and recovers. No batch can get past its COMMIT meanwhile. */
  async #killBackend(body: Buffer): Promise<void> {
    const locker = await this.#connect();
    await locker.query("SELECT pg_advisory_lock($1)", [LOCKS.commit]);
    const sent = postBatch(this.#port, { body });
    process.kill(await Promise.race([this.#untilLoading(locker, "commit"), refusal(sent)]), "SIGKILL");
    const { status } = await sent;
    if (status !== 503) throw new Error(`a batch whose session was killed was answered ${status}`);
    await locker.end().catch(() => {}); // killed with the rest
    await until("the service to have its database back", async () => (await ask(this.#port, "/ready")).status === 200);
  }

  /** Waits for one of the stages up to the last, by chance. @returns the session's process */
  #untilLoading(locker: Connection, lock: keyof typeof STAGES): Promise<number> {
    const stages = STAGES[lock];
    const wanted = stages.slice(Math.floor(this.#parts.random() * stages.length));
    return until(`a session at ${wanted.join(" or ")}`, async () => {
      const { rows } = await locker.query<Session>(SESSIONS_SQL);
      const found = rows.find(
        ({ state, query }) => state === "active" && wanted.some((stage) => query.startsWith(stage)),
      );
      return found?.pid ?? unexpected(rows);
    });
  }

  /** From a half to nearly all of it. */
  #mostOf(body: Buffer): Buffer {
    return body.subarray(0, Math.ceil(body.length * (0.5 + this.#parts.random() * 0.45)));
  }

  /** Files without a name that the service holds open; 0 where the system does not tell. */
  #openSpoolFiles(): number {
    const folder = `/proc/${this.#service?.pid}/fd`;
    try {
      return readdirSync(folder).filter((fd) => readlinkSync(`${folder}/${fd}`).includes("rates-batch-")).length;
    } catch {
      return 0;
    }
  }
}

/** Says what there is in the place of what is waited for. */
function unexpected(sessions: readonly Session[]): never {
  throw new Error(`sessions of the service: ${JSON.stringify(sessions)}`);
}

/** Fails when a batch is answered, for as long as somebody waits for this. */
async function refusal(
  answered: Promise<{ readonly status: number | undefined; readonly json: object }>,
): Promise<never> {
  const { status, json } = await answered;
  throw new Error(`a batch was answered before it was loaded: ${status} ${JSON.stringify(json)}`);
}

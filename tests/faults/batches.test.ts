import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { buildService, type ServiceBundle } from "infra/images/api/bundle";
import type { Client } from "pg";
import { environmentFor, testApi } from "rates/testing/api";
import { CSV_HEADER, freshKey, postBatch } from "rates/testing/batches";
import { DIFFERENCES_SQL } from "rates/testing/rollup";
import { ServiceProcess } from "rates/testing/service-process";
import { beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../support/database";
import { temporaryFolder } from "../support/folder";
import { atScale } from "../support/scale";
import { tcpProxy } from "../support/tcp-proxy";
import { until } from "../support/until";

const ROWS = atScale({ ci: 150_000, full: 1_000_000 });

let bundle: ServiceBundle;

beforeAll(async () => {
  bundle = await buildService(resolve(__dirname, "../.."));
});

/** Rows of one price each on two lanes and 28 days. */
function payload(rows: number): string {
  const lines = Array.from(
    { length: rows },
    (_, row) => `CNGGZ,${row % 2 ? "EETLL" : "SEGOT"},2041-01-${String((row % 28) + 1).padStart(2, "0")},${row}`,
  );
  return `${CSV_HEADER}\n${lines.join("\n")}\n`;
}

const BATCH_SESSION = "FROM pg_stat_activity WHERE application_name = 'rates' AND datname = current_database()";

const WAITING = `SELECT ${BATCH_SESSION} AND wait_event_type = 'Lock'`;

/** Ends the session of a batch when it is at a statement. @returns whether there was one */
async function endAt(admin: Client, statement: string): Promise<boolean> {
  const { rowCount } = await admin.query(
    `SELECT pg_terminate_backend(pid) ${BATCH_SESSION} AND state <> 'idle' AND query LIKE $1`,
    [`%${statement}%`],
  );
  return rowCount === 1;
}

async function expectNothing(database: TestDatabase): Promise<void> {
  expect(await database.query("SELECT FROM daily_rates WHERE day >= '2041-01-01'")).toEqual([]);
  expect(await database.query("SELECT FROM raw_prices WHERE day >= '2041-01-01' LIMIT 1")).toEqual([]);
  expect(await database.query("SELECT FROM batches")).toEqual([]);
  expect(await database.query("SELECT version::integer FROM data_version")).toEqual([{ version: 0 }]);
}

async function expectTaken(database: TestDatabase, rows: number): Promise<void> {
  expect(await database.query(DIFFERENCES_SQL)).toEqual([{ count: 0 }]);
  const sql = "SELECT count(*)::integer AS rows FROM raw_prices WHERE day >= '2041-01-01'";
  expect(await database.query(sql)).toEqual([{ rows }]);
}

describe("batches: whatever is lost half way, all of a batch is in or nothing, and a retry settles it", () => {
  test.each([["COPY raw_prices"], ["pg_advisory_xact_lock"], ["INSERT INTO lane_months"]])(
    "the database session is ended during %s: 503, nothing is visible, and the retry is taken",
    async (statement) => {
      await using database = await testDatabase("migrated");
      await using api = await testApi(database);
      await using admin = await database.connect();
      await using locker = await database.connect();
      const [key, body] = [freshKey(), payload(ROWS)];
      // What would be over too soon is made to wait; a COPY takes long enough by itself.
      if (statement.includes("lock")) await locker.query("SELECT pg_advisory_lock(6604001)");
      if (statement.includes("lane_months")) await locker.query("BEGIN; LOCK TABLE lane_months IN SHARE MODE");
      const sent = postBatch(api.port, { body, key });
      await until(`a session at ${statement}`, () => endAt(admin, statement));
      const { status, headers } = await sent;
      expect([status, headers["retry-after"]]).toEqual([503, "1"]);
      await locker.query("ROLLBACK; SELECT pg_advisory_unlock_all()");
      await expectNothing(database);
      expect((await postBatch(api.port, { body, key })).status).toBe(201);
      await expectTaken(database, ROWS);
    },
  );

  test("the session is ended right after COMMIT: the answer is what really happened", async () => {
    await using database = await testDatabase("migrated");
    await using api = await testApi(database);
    // A deferred trigger runs within COMMIT: the session ends there, after the client has sent it and before its answer.
    await database.query(`
      CREATE FUNCTION end_session() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF NEW.idempotency_key = 'lost' THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER lost AFTER INSERT ON batches DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION end_session()`);
    const body = payload(10);
    const { status, json } = await postBatch(api.port, { body, key: "lost" });
    expect([status, json.detail]).toEqual([
      503,
      expect.stringContaining("lost during COMMIT, and the batch is not in"),
    ]);
    await expectNothing(database);
    await database.query("DROP TRIGGER lost ON batches");
    expect((await postBatch(api.port, { body, key: "lost" })).status).toBe(201);
    await expectTaken(database, 10);
  });

  test("the connection is lost during a COMMIT that succeeds: the answer is 201 all the same", async () => {
    await using database = await testDatabase("migrated");
    const url = new URL(database.url);
    await using proxy = await tcpProxy(Number(url.port));
    url.port = String(proxy.port);
    await using api = await testApi({ url: url.href, passwordFile: database.passwordFile });
    await using locker = await database.connect();
    await database.query(`
      CREATE FUNCTION wait_in_commit() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock(77); RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON batches DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION wait_in_commit()`);
    await locker.query("SELECT pg_advisory_lock(77)");
    const sent = postBatch(api.port, { body: payload(10) });
    await until("the COMMIT", async () => (await database.query(`${WAITING} AND query = 'COMMIT'`)).length === 1);
    proxy.reset();
    await until("the service to look what became of it", async () => (await database.query(WAITING)).length === 2);
    await locker.query("SELECT pg_advisory_unlock(77)");
    const { status, headers, json } = await sent;
    expect([status, headers["idempotent-replay"], json.rows]).toEqual([201, undefined, 10]);
    await expectTaken(database, 10);
  });

  test("the process is killed with -9 while it loads: nothing is visible, no file is left, and another takes the retry", async () => {
    await using database = await testDatabase("migrated");
    using folder = temporaryFolder();
    await using locker = await database.connect();
    await using service = new ServiceProcess(bundle.file, environmentFor(database, { SPOOL_DIR: folder.path }));
    const port = await service.port();
    const [key, body] = [freshKey(), payload(ROWS)];
    await locker.query("BEGIN; LOCK TABLE lane_months IN SHARE MODE");
    const sent = postBatch(port, { body, key }).catch(() => "cut");
    await until(
      "the merge",
      async () => (await database.query(`${WAITING} AND query LIKE '%INSERT INTO lane_months%'`)).length === 1,
    );
    service.signal("SIGKILL");
    expect(await sent).toBe("cut");
    expect(readdirSync(folder.path)).toEqual([]);
    await locker.query("ROLLBACK");
    await until("its session to end", async () => (await database.query(`SELECT ${BATCH_SESSION}`)).length === 0);
    await expectNothing(database);
    await using api = await testApi(database);
    expect((await postBatch(api.port, { body, key })).status).toBe(201);
    await expectTaken(database, ROWS);
  });

  test("a batch in flight is finished by a process that drains", async () => {
    await using database = await testDatabase("migrated");
    await using locker = await database.connect();
    await using service = new ServiceProcess(bundle.file, environmentFor(database));
    const port = await service.port();
    await locker.query("BEGIN; LOCK TABLE lane_months IN SHARE MODE");
    const sent = postBatch(port, { body: payload(1_000) });
    await until(
      "the merge",
      async () => (await database.query(`${WAITING} AND query LIKE '%INSERT INTO lane_months%'`)).length === 1,
    );
    service.signal("SIGTERM");
    await service.line("draining");
    await locker.query("ROLLBACK");
    expect((await sent).status).toBe(201);
    expect(await service.exit).toBe(0);
    await expectTaken(database, 1_000);
  });
});

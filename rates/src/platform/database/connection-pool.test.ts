import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../../../tests/support/database";
import { tcpProxy } from "../../../../tests/support/tcp-proxy";
import { environmentFor } from "../../../testing/api";
import { loadConfig } from "../../config";
import { ConnectionPool } from "./connection-pool";

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase("migrated");
});

afterAll(() => database?.[Symbol.asyncDispose]());

test("a transaction whose process is cut off without a word lets go of what it locked", async () => {
  await using proxy = await tcpProxy(Number(new URL(database.url).port));
  const url = new URL(database.url);
  url.port = String(proxy.port);
  const config = loadConfig(environmentFor({ ...database, url: url.href }, { DATABASE_QUERY_TIMEOUT_MS: "300" }));
  const pool = new ConnectionPool(config, () => {});
  const loan = await pool.lend();
  await loan.query("BEGIN; LOCK TABLE events");
  proxy.blackhole();
  await database.query("SET lock_timeout = '20s'; LOCK TABLE events");
  const held = "FROM pg_stat_activity WHERE state LIKE 'idle in%' AND datname = current_database()";
  expect(await database.query(`SELECT pid ${held}`)).toEqual([]);
  loan.cut(new Error("the test is over"));
  pool.discard(loan);
  await pool.close();
});

test("the server asks whether an unheard client is still there, as this side does", async () => {
  const pool = new ConnectionPool(loadConfig(environmentFor(database, { DATABASE_KEEPALIVE_MS: "7500" })), () => {});
  const loan = await pool.lend();
  const { rows } = await loan.query(
    "SELECT current_setting('tcp_keepalives_idle') AS idle, current_setting('tcp_keepalives_count') AS count",
  );
  expect(rows).toEqual([{ idle: "8", count: "10" }]);
  pool.restore(loan);
  await pool.close();
});

import { appendFileSync, readFileSync } from "node:fs";
import { type Connection, openConnection } from "infra/copies/connection";
import { connectSuperuser } from "infra/runtimes/embedded/postgres-server";
import type { QueryResultRow } from "pg";
import { inject, onTestFinished } from "vitest";
import { keptFile } from "./kept";
import { createDatabase, type Template } from "./template";

/** A database of a test's own on the server of the test run. */
export interface TestDatabase extends AsyncDisposable {
  readonly name: string;
  /** Without password. */
  readonly url: string;
  readonly passwordFile: string;
  connect(): Promise<Connection>;
  /** One statement on a connection of its own. */
  query<Row extends QueryResultRow>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
}

/**
 * Makes a database; `await using` drops it. The database of a failed test stays for a look, and its name is printed.
 * Made outside a test (in a hook) it is dropped whatever happens.
 */
export async function testDatabase(template: Template = "pristine"): Promise<TestDatabase> {
  const { directory, port, host, user, passwordFile } = inject("server");
  const name = await createDatabase(directory, template);
  const drop = () => dropDatabase(directory, name);
  const decided = decideWhenTestEnds(async (failed) => (failed ? keepDatabase(directory, name) : drop()));
  const password = readFileSync(passwordFile, "utf8").trim();
  const connect = () => openConnection({ host, port, user, password, database: name });
  return {
    name,
    url: `postgresql://${user}@${host}:${port}/${name}`,
    passwordFile,
    connect,
    async query<Row extends QueryResultRow>(sql: string, params: readonly unknown[] = []) {
      await using client = await connect();
      return (await client.query<Row>(sql, [...params])).rows;
    },
    async [Symbol.asyncDispose]() {
      if (!decided) await drop();
    },
  };
}

/** @returns whether there is a test that can tell how it ended. */
function decideWhenTestEnds(decide: (failed: boolean) => Promise<void>): boolean {
  try {
    onTestFinished(({ task }) => decide(task.result?.state === "fail"));
    return true;
  } catch {
    return false;
  }
}

async function dropDatabase(directory: string, name: string): Promise<void> {
  await using admin = await connectSuperuser(directory);
  await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

async function keepDatabase(directory: string, name: string): Promise<void> {
  appendFileSync(keptFile(directory), `${name}\n`);
}

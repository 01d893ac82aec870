import { expect } from "vitest";
import { testApi } from "./api";
import { CSV_HEADER, postBatch, type TestBatch } from "./batches";

/** One expected error of a payload; a value that is left out may be anything. */
export interface ExpectedError {
  readonly row: number | null;
  readonly field: string | null;
  readonly value?: unknown;
  readonly reason: string | RegExp;
}

export const SOUND_ROW = "CNGGZ,EETLL,2022-01-31,100";
export const PORT_REASON = "must be the code of a known port";
export const PRICE_REASON = "must be an integer from 0 to 2147483647 in plain digits";
export const DAY_REASON = "must be a calendar day as YYYY-MM-DD from year 0001 on";

/** Rows as a CSV payload. */
export function csvLines(...rows: readonly string[]): string {
  return [CSV_HEADER, ...rows].join("\n").concat("\n");
}

/** A database as the helpers of the tests hand it out. */
interface Contents {
  readonly url: string;
  readonly passwordFile: string;
  query<Row extends Record<string, unknown>>(sql: string): Promise<Row[]>;
}

/** A service with low limits, whose batches are to be refused. */
export interface RefusingApi extends AsyncDisposable {
  readonly port: number;
  /** Sends a batch and expects a 422 with just these errors, and nothing changed. */
  expectRefused(batch: TestBatch, expected: readonly ExpectedError[]): Promise<void>;
  /** Expects that the database holds what it held at the start. */
  expectUnchanged(): Promise<void>;
}

/** Starts it on a database of the test's own. */
export async function refusingApi(database: Contents): Promise<RefusingApi> {
  const api = await testApi(database, { BATCH_MAX_BYTES: "100000", BATCH_MAX_ROWS: "1000" });
  const before = await contentsOf(database);
  const expectUnchanged = async () => expect(await contentsOf(database)).toEqual(before);
  return {
    port: api.port,
    expectUnchanged,
    async expectRefused(batch, expected) {
      const { status, json, headers } = await postBatch(api.port, batch);
      const found = [status, headers["content-type"]];
      expect(found, JSON.stringify(json)).toEqual([422, "application/problem+json; charset=utf-8"]);
      expect(json).toMatchObject({ type: "urn:rates:problem:invalid-rows", total: expected.length });
      expect(json.errors).toEqual(expected.map(matcherOf));
      await expectUnchanged();
    },
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

function matcherOf({ value = expect.anything(), reason, ...rest }: ExpectedError): object {
  return { ...rest, value, reason: typeof reason === "string" ? reason : expect.stringMatching(reason) };
}

/** Everything a batch may change. */
function contentsOf(database: Contents): Promise<unknown> {
  const counts = ["raw_prices", "lane_months", "batches", "lanes"].map((table) => `(SELECT count(*) FROM ${table})`);
  return database.query(`SELECT ${counts.join(" || '/' || ")} AS counts, version FROM data_version`);
}

import { createHash } from "node:crypto";
import type { Answer } from "./http";
import { ask } from "./http";

/** A batch as a test sends it; a CSV with a key of its own unless told otherwise. */
export interface TestBatch {
  readonly body: string | Buffer;
  readonly key?: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const CSV_HEADER = "orig_code,dest_code,day,price";

let keys = 0;

/** Posts a batch and returns the answer with its body parsed. */
export async function postBatch(port: number, batch: TestBatch): Promise<Answer & { readonly json: BatchJson }> {
  const { body, key = freshKey(), type = "text/csv", headers = {} } = batch;
  const all = { "Content-Type": type, "Idempotency-Key": key, ...headers };
  const answer = await ask(port, "/batches", { method: "POST", headers: all, body });
  return { ...answer, json: JSON.parse(answer.body) };
}

/** What an answer to a batch may hold. */
export interface BatchJson {
  readonly batch_id: number;
  readonly rows: number;
  readonly checksum: string;
  readonly committed_at: string;
  readonly type?: string;
  readonly detail?: string;
  readonly errors?: readonly { row: number | null; field: string | null; value: unknown; reason: string }[];
  readonly total?: number;
}

export function freshKey(): string {
  keys += 1;
  return `test-${process.pid}-${keys}`;
}

/** The rows as a CSV payload. */
export function csvOf(rows: readonly (readonly (string | number)[])[]): string {
  return [CSV_HEADER, ...rows.map((row) => row.join(","))].join("\n").concat("\n");
}

export function sha256(text: string | Buffer): string {
  return createHash("sha256").update(text).digest("hex");
}

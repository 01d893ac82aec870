import { createHash } from "node:crypto";
import { type ClientRequest, request } from "node:http";
import { text } from "node:stream/consumers";
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

/** A batch that a test writes bit by bit. */
export interface OpenBatch {
  readonly key: string;
  /** Resolves when the bytes are with the system. */
  write(bytes: string | Buffer): Promise<void>;
  end(bytes?: string | Buffer): void;
  /** Hangs up. Resolves when the connection is closed. */
  cut(): Promise<void>;
  /** Resolves to the answer's status; rejects when the connection breaks before it. */
  status(): Promise<number | undefined>;
  answer(): Promise<{ readonly status: number | undefined; readonly json: BatchJson }>;
}

/** Begins a batch of `text/csv` unless told otherwise; its body is whatever is written. */
export function openBatch(port: number, { key = freshKey(), type = "text/csv" } = {}): OpenBatch {
  const headers = { "Content-Type": type, "Idempotency-Key": key };
  const sent = request({ host: "127.0.0.1", port, path: "/batches", method: "POST", headers, agent: false });
  sent.setNoDelay(true);
  const answered = answerTo(sent);
  answered.catch(() => {});
  return {
    key,
    write: (bytes) => new Promise((resolve) => sent.write(bytes, () => resolve())),
    end: (bytes = "") => void sent.end(bytes),
    async cut() {
      const closed = new Promise<void>((resolve) => sent.once("close", () => resolve()));
      sent.destroy();
      await closed;
    },
    status: async () => (await answered).status,
    answer: async () => {
      const { status, body } = await answered;
      return { status, json: JSON.parse(body) };
    },
  };
}

function answerTo(sent: ClientRequest): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    sent.on("error", reject).once("response", (response) => {
      text(response).then((body) => resolve({ status: response.statusCode, body }), reject);
    });
  });
}

export function freshKey(): string {
  keys += 1;
  return `test-${process.pid}-${keys}`;
}

/** The rows as a CSV payload. */
export function csvOf(rows: readonly (readonly (string | number)[])[]): string {
  return [CSV_HEADER, ...rows.map((row) => row.join(","))].join("\n").concat("\n");
}

/** Prices from 0 on, in turn on two lanes and over three months. */
export function largeCsv(rows: number): string {
  const lines = Array.from({ length: rows }, (_, row) => {
    const day = `2041-0${(row % 3) + 1}-${String((row % 28) + 1).padStart(2, "0")}`;
    return `CNGGZ,${row % 2 ? "EETLL" : "SEGOT"},${day},${row}`;
  });
  return `${CSV_HEADER}\n${lines.join("\n")}\n`;
}

export function sha256(text: string | Buffer): string {
  return createHash("sha256").update(text).digest("hex");
}

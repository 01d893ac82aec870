import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { Answer } from "./answer";
import type { Fault } from "./switches";

/** How an answer is sent. */
export interface Delivery {
  readonly fault: Fault | undefined;
  readonly dripMs: number;
  readonly oversizedBytes: number;
  /** 32 bits that decide what the fault leaves open. */
  readonly chance: number;
  /** Where a redirect goes. */
  readonly foreignUrl: string;
}

const ERRORS = [500, 502, 503, 504] as const;
const DRIP_PIECES = 20;
const FILLER = Buffer.alloc(2 ** 20, "x");

/** Sends an answer, with what goes wrong. Resolves when nothing more is going to be sent. */
export async function deliver(response: ServerResponse, answer: Answer, delivery: Delivery): Promise<void> {
  const { fault, chance } = delivery;
  if (fault === "reset" || fault === "stall") return breakOff(response, answer, delivery);
  if (fault === "drip") return drip(response, answer, delivery.dripMs);
  if (fault === "oversized") return flood(response, delivery.oversizedBytes);
  if (fault === "error") {
    const status = ERRORS[chance % ERRORS.length] ?? 500;
    return send(response, { status, body: chance % 3 === 0 ? "<html>error</html>" : '{"error":"INTERNAL"}' });
  }
  if (fault === "redirect") {
    return send(response, { status: 302, headers: { Location: delivery.foreignUrl }, body: "" });
  }
  if (fault === "null") return send(response, { ...answer, body: "null" });
  // From a tenth to nine tenths of it: as JSON never whole.
  const end = Math.floor(answer.body.length * (0.1 + (0.8 * chance) / 2 ** 32));
  send(response, fault === "truncated" ? { ...answer, body: Buffer.from(answer.body).subarray(0, end) } : answer);
}

function send(response: ServerResponse, answer: Answer): void {
  const body = begin(response, answer);
  response.end(body);
}

/** Sends the head. @returns the body's bytes */
function begin(response: ServerResponse, { status, headers = {}, body }: Answer): Buffer {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
  const type = bytes[0] === 0x3c ? "text/html" : "application/json; charset=utf-8";
  response.writeHead(status, { "Content-Type": type, "Content-Length": bytes.length, ...headers });
  return bytes;
}

/** By chance before the head or within the body: a reset, or nothing more until the client goes. */
async function breakOff(response: ServerResponse, answer: Answer, { fault, chance }: Delivery): Promise<void> {
  if (chance % 2 === 0) {
    const bytes = begin(response, answer);
    await new Promise<void>((resolve) => response.write(bytes.subarray(0, bytes.length >> 1), () => resolve()));
  }
  if (fault === "reset") response.socket?.resetAndDestroy();
  else if (!response.closed) await once(response, "close");
}

async function drip(response: ServerResponse, answer: Answer, forMs: number): Promise<void> {
  const bytes = begin(response, answer);
  const size = Math.ceil(bytes.length / DRIP_PIECES);
  for (let at = 0; at < bytes.length && !response.closed; at += size) {
    response.write(bytes.subarray(at, at + size));
    await delay(forMs / DRIP_PIECES);
  }
  response.end();
}

/** A page with one endless text, as fast as the client reads. */
async function flood(response: ServerResponse, bytes: number): Promise<void> {
  response.writeHead(200, { "Content-Type": "application/json; charset=utf-8" });
  response.write('{"data":[{"id":"');
  const closed = new Promise<void>((resolve) => response.once("close", resolve));
  for (let sent = 0; sent < bytes && !response.closed; sent += FILLER.length) {
    if (response.write(FILLER)) continue;
    await Promise.race([new Promise<void>((resolve) => response.once("drain", resolve)), closed]);
  }
  if (!response.closed) response.end('"}],"hasMore":false}');
}

import { hash } from "node:crypto";
import type { ReadyAnswer } from "../platform/http/front";

/** An encoded answer of `GET /rates`. */
export interface Answer {
  /** Encoded once: a text would be encoded anew whenever it is sent. */
  readonly body: Buffer;
  /** Strong: equal tags mean equal bytes, whatever version they come from. */
  readonly etag: string;
  /** The version of the data it was made from. */
  readonly version: number;
  /** Names and values by turns, as node:http takes them; made once, because an answer may be sent very often. */
  readonly headers: readonly string[];
}

export function answerOf(text: string, version: number): Answer {
  const body = Buffer.from(text);
  // Nobody gains by two answers with one tag, so the cheapest digest will do: 3 us of a month, SHA-256 takes 7.
  const etag = `"${hash("sha1", body, "base64url")}"`;
  const entity = ["Content-Type", "application/json; charset=utf-8", "Content-Length", String(body.length)];
  return { body, etag, version, headers: [...validators(etag, version), ...entity] };
}

function validators(etag: string, version: number): string[] {
  return ["ETag", etag, "X-Data-Version", String(version)];
}

/** What a client is sent: nothing but the validators when it has the answer already. */
export function readyAnswer(answer: Answer, ifNoneMatch: string | undefined): ReadyAnswer {
  const { etag, version, headers, body } = answer;
  return hasAlready(ifNoneMatch, answer)
    ? { status: 304, headers: validators(etag, version) }
    : { status: 200, headers, body };
}

/** Whether a client that sends If-None-Match has the answer already (RFC 9110, 13.1.2: by weak comparison). */
function hasAlready(ifNoneMatch: string | undefined, { etag }: Answer): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch === etag || ifNoneMatch.trim() === "*") return true;
  return ifNoneMatch.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}

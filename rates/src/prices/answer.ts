import { hash } from "node:crypto";

/** An encoded answer of `GET /rates`. */
export interface Answer {
  readonly body: string;
  /** Strong: equal tags mean equal bytes, whatever version they come from. */
  readonly etag: string;
  /** The version of the data it was made from. */
  readonly version: number;
}

export function answerOf(body: string, version: number): Answer {
  return { body, etag: `"${hash("sha256", body, "base64url").slice(0, 22)}"`, version };
}

/** Whether a client that sends If-None-Match has the answer already (RFC 9110, 13.1.2: by weak comparison). */
export function hasAlready(ifNoneMatch: string | undefined, { etag }: Answer): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch === etag || ifNoneMatch.trim() === "*") return true;
  return ifNoneMatch.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}

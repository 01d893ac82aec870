import type { IncomingHttpHeaders } from "node:http";
import { invalidRequest, Problem } from "../../platform/http/problem";
import { PAYLOAD_TYPES, type PayloadType } from "./row-readers";

const VISIBLE_ASCII = /^[\x21-\x7e]{1,255}$/;
const SHA256_BASE64 = /^:([A-Za-z0-9+/]{43}=):$/;

/** The key of a batch. @throws {Problem} 400 without a valid one */
export function idempotencyKeyOf({ "idempotency-key": key }: IncomingHttpHeaders): string {
  if (typeof key === "string" && VISIBLE_ASCII.test(key)) return key;
  const reason = key === undefined ? "is required" : "must be 1 to 255 visible ASCII characters";
  throw invalidRequest([{ field: "Idempotency-Key", value: key ?? null, reason }]);
}

/** The type of the payload. @throws {Problem} 415 for any that is not taken, or another character set than UTF-8 */
export function payloadTypeOf({ "content-type": given = "" }: IncomingHttpHeaders): PayloadType {
  const [type = "", ...parameters] = given.split(";").map((part) => part.trim().toLowerCase());
  const known = PAYLOAD_TYPES.find((each) => each === type);
  const charset = parameters.find((each) => each.startsWith("charset="))?.slice("charset=".length);
  if (known === undefined || !/^("?)utf-?8\1$/.test(charset ?? "utf-8")) {
    const found = given === "" ? "There is no Content-Type" : `Content-Type ${given.slice(0, 200)} is not taken`;
    throw new Problem(415, `${found}; send one of ${PAYLOAD_TYPES.join(", ")}, in UTF-8.`);
  }
  return known;
}

/** Whether the body is compressed. @throws {Problem} 415 for any encoding but gzip */
export function isGzip({ "content-encoding": given = "identity" }: IncomingHttpHeaders): boolean {
  const encoding = given.trim().toLowerCase();
  if (encoding === "gzip" || encoding === "x-gzip") return true;
  if (encoding === "identity") return false;
  throw new Problem(415, `Content-Encoding ${given.slice(0, 200)} is not taken; send gzip or none.`, {
    headers: { "Accept-Encoding": "gzip" },
  });
}

/**
 * The SHA-256 digests (RFC 9530) that the client gives of the body as it is sent, in base64, by header. A request for a
 * whole representation has the same bytes under both names. Digests by other algorithms are left alone.
 * @throws {Problem} 400 when one cannot be read
 */
export function digestsOf(headers: IncomingHttpHeaders): ReadonlyMap<string, string> {
  const digests = new Map<string, string>();
  for (const name of ["Content-Digest", "Repr-Digest"]) {
    const text = headers[name.toLowerCase()];
    const item = typeof text === "string" ? text.split(",").find((each) => /^\s*sha-256=/i.test(each)) : undefined;
    if (item === undefined) continue;
    const [, digest] = SHA256_BASE64.exec(item.slice(item.indexOf("=") + 1).trim()) ?? [];
    if (digest === undefined) {
      const reason = "must be a SHA-256 digest as sha-256=:<44 characters of base64>:";
      throw invalidRequest([{ field: name, value: text, reason }]);
    }
    digests.set(name, digest);
  }
  return digests;
}

import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** Safe in a header, a log line and a URL, and short enough that nobody can fill the log with it. */
const ACCEPTABLE = /^[A-Za-z0-9._~:+/=@-]{1,128}$/;

/** The id a request is known by: the client's own `X-Request-Id` where it is ACCEPTABLE, otherwise a new one. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers["x-request-id"];
  return typeof given === "string" && ACCEPTABLE.test(given) ? given : randomUUID();
}

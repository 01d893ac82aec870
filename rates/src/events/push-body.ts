import type { FastifyError, FastifyRequest } from "fastify";
import { sendError } from "../platform/http/error-handler";
import type { HttpApp } from "../platform/http/http-app";
import { Problem } from "../platform/http/problem";
import { tooManyBytes } from "./limits";

/**
 * How long a client whose request was refused may go on sending, in ms: closing at once would reset the connection, and
 * the reset could overtake the answer.
 */
const PATIENCE_MS = 1_000;

/**
 * Makes the routes of a scope take JSON as bytes. Nothing else is taken: a page in somebody's browser can send plain text
 * to any address without being asked, but no JSON.
 */
export function takeJsonBytes(scope: HttpApp, mostBytes: number): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(
    /^application\/([\w.-]+\+)?json\b/,
    { parseAs: "buffer", bodyLimit: mostBytes },
    (request, body, done) => {
      const refusal = refusalOf(request);
      if (refusal === undefined) done(null, body);
      else done(refusal);
    },
  );
  scope.addContentTypeParser("*", (request, _payload, done) => done(otherType(request)));
  scope.setErrorHandler((error: FastifyError, request, reply) => {
    discardBody(request);
    return sendError(error.code === "FST_ERR_CTP_BODY_TOO_LARGE" ? tooManyBytes(mostBytes) : error, request, reply);
  });
}

function refusalOf(request: FastifyRequest): Problem | undefined {
  const { "content-type": type = "", "content-encoding": encoding = "identity" } = request.headers;
  const [, charset = "utf-8"] = /;\s*charset="?([^";\s]+)/i.exec(type) ?? [];
  if (!/^utf-?8$/i.test(charset)) return otherType(request);
  if (encoding.trim().toLowerCase() === "identity") return undefined;
  return new Problem(415, `Content-Encoding ${encoding.slice(0, 200)} is not taken; send the body as it is.`, {
    headers: { "Accept-Encoding": "identity" },
  });
}

function otherType({ headers }: FastifyRequest): Problem {
  const given = headers["content-type"] ?? "";
  const found = given === "" ? "There is no Content-Type" : `Content-Type ${given.slice(0, 200)} is not taken`;
  return new Problem(415, `${found}; send application/json in UTF-8.`);
}

/** Lets what is still on its way arrive, for a while. */
function discardBody({ raw }: FastifyRequest): void {
  if (raw.complete || raw.destroyed) return;
  raw.on("error", () => {}).resume();
  const timer = setTimeout(() => raw.complete || raw.socket.destroy(), PATIENCE_MS);
  raw.once("close", () => clearTimeout(timer));
}

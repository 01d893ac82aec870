import { maxHeaderSize, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { FastifyBaseLogger } from "fastify";
import { PROBLEM_MEDIA_TYPE, Problem } from "./problem";
import { requestIdOf } from "./request-id";

/**
 * How long a refused client may go on sending, in ms. Closing at once while data still arrives would reset the
 * connection, and the reset could overtake the answer.
 */
const PATIENCE_MS = 1_000;

type ParserError = Error & { readonly code?: string };

/** Answers what the HTTP parser refuses, before there is a request: too long, too slow, or not HTTP at all. */
export class MalformedRequests {
  readonly #answered = new WeakSet<Socket>();
  readonly #responses = new WeakMap<Socket, ServerResponse>();

  constructor(private readonly revision: string) {}

  /** Notes which answer is under way on each connection: a second one must not be written into it. */
  watch(server: Server): void {
    server.on("request", (request, response) => this.#responses.set(request.socket, response));
  }

  /** To be called with every `clientError` of the server. */
  answer(error: ParserError, socket: Socket, log: FastifyBaseLogger): void {
    // The parser fails again on each piece of data that follows.
    if (this.#answered.has(socket)) return;
    const response = this.#responses.get(socket);
    const isMidAnswer = response?.headersSent === true && !response.writableFinished;
    if (error.code === "ECONNRESET" || !socket.writable || isMidAnswer) {
      socket.destroy();
      return;
    }
    this.#answered.add(socket);
    const id = requestIdOf({});
    log.info({ requestId: id, code: error.code }, "malformed request");
    socket.end(this.#render(problemOf(error), id));
    setTimeout(() => socket.destroy(), PATIENCE_MS).unref();
  }

  #render(problem: Problem, id: string): string {
    const body = JSON.stringify(problem.body(id));
    return [
      `HTTP/1.1 ${problem.statusCode} ${STATUS_CODES[problem.statusCode]}`,
      `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${id}`,
      `X-Revision: ${this.revision}`,
      "Connection: close",
      "",
      body,
    ].join("\r\n");
  }
}

function problemOf({ code }: ParserError): Problem {
  if (code === "HPE_HEADER_OVERFLOW") {
    return new Problem(431, `The URL and the headers together are longer than ${maxHeaderSize} bytes.`);
  }
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return new Problem(408, "The request did not arrive in time.");
  return new Problem(400, "This is not a valid HTTP request.");
}

import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyBaseLogger } from "fastify";
import type { Answered } from "../metrics/metrics";
import type { Lifecycle } from "./lifecycle";
import { requestIdOf } from "./request-id";
import { logAnswered } from "./request-log";

/** An answer that lies ready. */
export interface ReadyAnswer {
  readonly status: 200 | 304;
  /** Names and values by turns. */
  readonly headers: readonly string[];
  readonly body?: Buffer;
}

/** Where answers lie ready. */
export interface ReadyAnswers {
  /** The route that would answer otherwise. */
  readonly route: string;
  /** @returns undefined when it has to be routed as any other request */
  find(request: IncomingMessage): ReadyAnswer | undefined;
}

interface Parts {
  readonly answers: ReadyAnswers;
  readonly revision: string;
  readonly lifecycle: Lifecycle;
  /** Is told of every answer. */
  observe(answered: Answered): void;
}

/**
 * Sends what lies ready before the request is routed: through routing and hooks a kept answer took 105 us of CPU,
 * here about half (docs/decisions/010). Headers, log line and metrics are those of every answer.
 */
export class Front {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @returns whether it has answered */
  answer(request: IncomingMessage, response: ServerResponse, log: FastifyBaseLogger): boolean {
    const { answers, revision, lifecycle, observe } = this.#parts;
    const { method, url = "" } = request;
    if (method !== "GET" || request.headers.host === undefined) return false;
    const began = performance.now();
    const ready = answers.find(request);
    if (ready === undefined) return false;
    const requestId = requestIdOf(request.headers);
    const headers = ["X-Request-Id", requestId, "X-Revision", revision, ...ready.headers];
    if (lifecycle.isDraining) headers.push("Connection", "close");
    response.writeHead(ready.status, headers);
    response.end(ready.body);
    const ms = performance.now() - began;
    logAnswered(log, { requestId, method, url, status: ready.status, ms });
    observe({ method, route: answers.route, status: ready.status, ms });
    return true;
  }
}

import { type FastifyBaseLogger, type FastifyReply, type FastifyRequest, LogController } from "fastify";

/** Asked every few hundred milliseconds by proxies, orchestrators and scrapers; their lines would bury all others. */
const QUIET: ReadonlySet<string | undefined> = new Set(["/health", "/ready", "/metrics"]);

interface Line {
  /** Where the log does not say it of itself. */
  readonly requestId?: string;
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly ms: number;
  readonly err?: Error;
}

/** The one line of an answered request. */
export function logAnswered(log: FastifyBaseLogger, line: Line, level: "debug" | "info" = "info"): void {
  log[level]({ ...line, ms: Math.round(line.ms * 100) / 100 }, "answered");
}

/** One line for each answered request, in place of fastify's two. */
export class RequestLog extends LogController {
  constructor() {
    super({ requestIdLogLabel: "requestId" });
  }

  override incomingRequest(): void {}

  override requestCompleted(error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    const { method, url } = request;
    const line = { method, url, status: reply.statusCode, ms: reply.elapsedTime, ...(error && { err: error }) };
    logAnswered(reply.log, line, QUIET.has(request.routeOptions.url) ? "debug" : "info");
  }
}

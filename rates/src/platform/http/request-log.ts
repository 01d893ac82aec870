import { type FastifyReply, type FastifyRequest, LogController } from "fastify";

/** Asked every few hundred milliseconds by proxies, orchestrators and scrapers; their lines would bury all others. */
const QUIET: ReadonlySet<string | undefined> = new Set(["/health", "/ready", "/metrics"]);

/** One line for each answered request, in place of fastify's two. */
export class RequestLog extends LogController {
  constructor() {
    super({ requestIdLogLabel: "requestId" });
  }

  override incomingRequest(): void {}

  override requestCompleted(error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    const line = {
      method: request.method,
      url: request.url,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 100) / 100,
      ...(error && { err: error }),
    };
    reply.log[QUIET.has(request.routeOptions.url) ? "debug" : "info"](line, "answered");
  }
}

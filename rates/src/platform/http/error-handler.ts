import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { DatabaseUnavailable, MigrationsMissing, WrongCopy } from "../database/failure";
import { explanationOf } from "../explanation";
import { PROBLEM_MEDIA_TYPE, Problem } from "./problem";

/** Seconds after which a client may ask again: an outage of the database ends at once or takes long. */
const RETRY_AFTER_S = "1";

/** Answers any error with problem+json, and logs what the client is not told. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemOf(error);
  logProblem(problem, request, reply);
  return sendProblem(problem, reply);
}

/** Answers with a problem. */
function sendProblem(problem: Problem, reply: FastifyReply): FastifyReply {
  return reply
    .code(problem.statusCode)
    .headers(problem.headers)
    .type(PROBLEM_MEDIA_TYPE)
    .send(JSON.stringify(problem.body(reply.request.id)));
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof DatabaseUnavailable) return unavailable(error);
  const { statusCode = 500, message } = error as Partial<FastifyError>;
  // What fastify itself refuses, such as a body it cannot read; its messages are written for clients.
  if (statusCode >= 400 && statusCode < 500) return new Problem(statusCode, message ?? "", { cause: error });
  return new Problem(500, "The service failed; the log tells more under this request id.", { cause: error });
}

function unavailable(error: DatabaseUnavailable): Problem {
  return new Problem(503, error.message, {
    kind: kindOf(error),
    headers: { "Retry-After": RETRY_AFTER_S },
    cause: error,
  });
}

function kindOf(error: DatabaseUnavailable): string {
  if (error instanceof WrongCopy) return "wrong-copy";
  return error instanceof MigrationsMissing ? "migrations-missing" : "database-unavailable";
}

/** A database that is away is one outage however many requests meet it; the rest needs somebody to look at it. */
function logProblem({ statusCode, cause, message }: Problem, request: FastifyRequest, reply: FastifyReply): void {
  if (statusCode < 500) return;
  const route = request.routeOptions.url;
  if (!(cause instanceof DatabaseUnavailable)) reply.log.error({ err: cause, route }, message);
  else reply.log[cause instanceof WrongCopy ? "error" : "warn"]({ reason: explanationOf(cause), route }, message);
}

import type { FastifyReply } from "fastify";
import type { Database } from "../platform/database/database";
import type { HttpApp } from "../platform/http/http-app";
import { PROBLEM_MEDIA_TYPE, Problem } from "../platform/http/problem";
import { DATABASE_UNAVAILABLE_RESPONSE, INVALID_REQUEST_RESPONSE } from "../platform/http/problem-schema";
import { aggregationBody, listBody, type PushAnswer, pushAnswer } from "./answers";
import { boundArrivingBytes } from "./arriving-bytes";
import type { EventStatus } from "./event";
import type { EventIntake, Taken } from "./event-intake";
import type { Events } from "./events";
import { periodOf } from "./period";
import { takeJsonBytes } from "./push-body";
import * as pushing from "./push-schema";
import { type Grouping, listEvents, sumEvents } from "./queries";
import * as asking from "./question-schema";

/** What the routes of events answer from. */
export interface EventRouteParts extends Events {
  readonly database: Database;
  /** Most bytes of one request, and of all that arrive at once. */
  readonly mostBytes: number;
  readonly mostArrivingBytes: number;
}

/** `POST /api/events`, `GET /api/events` and `GET /api/aggregation`. */
export function eventRoutes(app: HttpApp, parts: EventRouteParts): void {
  const { database, store, intake, spool } = parts;
  app.addHook("onListen", async () => spool?.start());
  app.addHook("onClose", async () => {
    spool?.stop();
    await store.close();
  });
  app.register(async (scope: HttpApp) => {
    boundArrivingBytes(scope, parts.mostArrivingBytes);
    takeJsonBytes(scope, parts.mostBytes);
    pushRoute(scope, intake);
  });
  app.get(
    "/api/events",
    {
      schema: {
        summary: "Events and what became of them, by falling time",
        querystring: asking.ListQuery,
        response: { 200: asking.ListAnswer, 400: INVALID_REQUEST_RESPONSE, 503: DATABASE_UNAVAILABLE_RESPONSE },
      },
    },
    async ({ query }, reply) => {
      const page = asking.pageOf(query);
      const status = query.status as EventStatus | undefined;
      const rows = await listEvents(database, { clientId: query.clientId, status, period: periodOf(query) }, page);
      return sendJson(reply, listBody(rows, page));
    },
  );
  app.get(
    "/api/aggregation",
    {
      schema: {
        summary: "Sums of processed events",
        querystring: asking.AggregationQuery,
        response: { 200: asking.AggregationAnswer, 400: INVALID_REQUEST_RESPONSE, 503: DATABASE_UNAVAILABLE_RESPONSE },
      },
    },
    async ({ query }, reply) => {
      const { clientId = null, metric = null, startDate = null, endDate = null } = query;
      const groupBy = (query.groupBy ?? "none") as Grouping;
      const filter = { clientId: query.clientId, metric: query.metric, period: periodOf(query) };
      const rows = await sumEvents(database, filter, groupBy);
      return sendJson(reply, aggregationBody(rows, groupBy, { clientId, metric, startDate, endDate, groupBy }));
    },
  );
}

function pushRoute(scope: HttpApp, intake: EventIntake): void {
  scope.post(
    "/api/events",
    {
      schema: {
        summary: "Takes events in, each counted once however often it is sent",
        description: pushing.PUSH_DESCRIPTION,
        consumes: ["application/json"],
        querystring: pushing.PushQuery,
        headers: pushing.PushHeaders,
        response: {
          200: pushing.PushAnswerSchema,
          202: pushing.QueuedAnswer,
          400: INVALID_REQUEST_RESPONSE,
          ...pushing.PUSH_PROBLEMS,
          503: pushing.NOT_STORED_RESPONSE,
        },
      },
    },
    async ({ body, query, headers }, reply) => {
      if (!(body instanceof Uint8Array))
        throw new Problem(400, "The body is missing: send an event or an array of them.");
      const isToFail = query.simulateFailure === "true";
      return sendTaken(reply, await intake.take({ body, key: headers["idempotency-key"], isToFail }));
    },
  );
}

function sendTaken(reply: FastifyReply, taken: Taken): FastifyReply {
  if ("queued" in taken) return reply.code(202).send({ success: true, processed: 0, failed: 0, queued: taken.queued });
  const answer = pushAnswer(taken.settled);
  return answer.success ? reply.send(answer) : sendFailure(reply, answer);
}

/** A problem with the fields of an answer beside its own, so that either kind of client finds what it looks for. */
function sendFailure(reply: FastifyReply, answer: PushAnswer): FastifyReply {
  const { failed, results } = answer;
  const detail = `${failed} of ${results.length} events could not be stored and are kept as failed or rejected: send them again.`;
  const problem = new Problem(503, detail, { kind: "events-failed" });
  return reply
    .code(503)
    .header("Retry-After", "1")
    .type(PROBLEM_MEDIA_TYPE)
    .send(JSON.stringify({ ...problem.body(reply.request.id), ...answer }));
}

function sendJson(reply: FastifyReply, body: string): FastifyReply {
  return reply.type("application/json; charset=utf-8").send(body);
}

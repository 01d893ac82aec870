import type { FastifyReply, FastifyRequest } from "fastify";
import type { Database } from "../../platform/database/database";
import type { HttpApp } from "../../platform/http/http-app";
import { Problem } from "../../platform/http/problem";
import { DATABASE_UNAVAILABLE_RESPONSE, INVALID_REQUEST_RESPONSE } from "../../platform/http/problem-schema";
import { NoQuery } from "../../platform/http/routes";
import type { Batches } from "./batches";
import { type Batch, batchById, batchesBefore } from "./ledger";
import { digestsOf, idempotencyKeyOf, isGzip, payloadTypeOf } from "./request-headers";
import * as schema from "./schema";

/**
 * How long a client whose batch was refused may go on sending, in ms: closing at once would reset the connection, and
 * the reset could overtake the answer.
 */
const PATIENCE_MS = 1_000;

/** What the routes of batches answer from. */
export interface BatchRouteParts {
  readonly database: Database;
  readonly batches: Batches;
}

/** `POST /batches`, `GET /batches` and `GET /batches/:id`. */
export function batchRoutes(app: HttpApp, { database, batches }: BatchRouteParts): void {
  app.addHook("onClose", () => batches.close());
  app.register(async (scope: HttpApp) => postRoute(scope, batches));
  app.get(
    "/batches",
    {
      schema: {
        summary: "Committed batches, the newest first",
        querystring: schema.LedgerQuery,
        response: { 200: schema.LedgerPage, 400: INVALID_REQUEST_RESPONSE, 503: DATABASE_UNAVAILABLE_RESPONSE },
      },
    },
    async ({ query }) => ({ batches: await batchesBefore(database, schema.pageOf(query)) }),
  );
  app.get(
    "/batches/:id",
    {
      schema: {
        summary: "One committed batch",
        params: schema.BatchPath,
        querystring: NoQuery,
        response: {
          200: schema.LedgerEntry,
          400: INVALID_REQUEST_RESPONSE,
          404: schema.UNKNOWN_BATCH_RESPONSE,
          503: DATABASE_UNAVAILABLE_RESPONSE,
        },
      },
    },
    async ({ params }) => {
      const batch = await batchById(database, Number(params.id));
      if (batch === undefined) throw new Problem(404, `There is no batch ${params.id}.`);
      return batch;
    },
  );
}

/** In a scope of its own: nothing may read the body before the batch does, whatever its type. */
function postRoute(scope: HttpApp, batches: Batches): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  scope.addHook("onError", (request, _reply, _error, done) => {
    discardBody(request);
    done();
  });
  scope.post(
    "/batches",
    {
      schema: {
        summary: "Takes prices in, all of them or none",
        description: schema.BATCH_DESCRIPTION,
        consumes: ["text/csv", "application/x-ndjson", "application/json"],
        querystring: NoQuery,
        response: {
          201: schema.BatchAnswer,
          400: INVALID_REQUEST_RESPONSE,
          ...schema.BATCH_PROBLEMS,
          503: DATABASE_UNAVAILABLE_RESPONSE,
        },
      },
    },
    async ({ raw, headers }, reply) => {
      const { batch, isReplay } = await batches.take({
        key: idempotencyKeyOf(headers),
        body: raw,
        payload: { type: payloadTypeOf(headers), isGzip: isGzip(headers), digests: digestsOf(headers) },
      });
      return sendBatch(reply, batch, isReplay);
    },
  );
}

function sendBatch(reply: FastifyReply, batch: Batch, isReplay: boolean) {
  const { batch_id, rows, checksum, committed_at, data_version } = batch;
  reply.header("X-Data-Version", String(data_version));
  if (isReplay) reply.header("Idempotent-Replay", "true");
  return reply.code(201).header("Location", `/batches/${batch_id}`).send({ batch_id, rows, checksum, committed_at });
}

/** Lets what is still on its way arrive, for a while. */
function discardBody({ raw }: FastifyRequest): void {
  if (raw.complete || raw.destroyed) return;
  raw.on("error", () => {}).resume();
  const timer = setTimeout(() => raw.complete || raw.socket.destroy(), PATIENCE_MS);
  raw.once("close", () => clearTimeout(timer));
}

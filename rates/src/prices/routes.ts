import type { FastifyReply } from "fastify";
import * as Type from "typebox";
import type { Database } from "../platform/database/database";
import type { HttpApp } from "../platform/http/http-app";
import { invalidRequest, Problem } from "../platform/http/problem";
import {
  DATABASE_UNAVAILABLE_RESPONSE,
  INVALID_REQUEST_RESPONSE,
  problemResponse,
} from "../platform/http/problem-schema";
import { type Answer, answerOf, hasAlready } from "./answer";
import type { AnswerCache } from "./answer-cache";
import { countDays } from "./day";
import { type Place, readTotals } from "./queries";
import { ratesBody } from "./rates-body";
import { RatesAnswer, RatesHeaders, RatesQuery } from "./rates-schema";

const OLDER_DATA = problemResponse("The data is older than `X-Data-Version` asks for, as after a reset.", {
  type: "urn:rates:problem:older-data",
  title: "Precondition Failed",
  status: 412,
  detail: "X-Data-Version is 7, but the newest version of the data is 2: ask without that header.",
});

/** What `GET /rates` is answered from. */
export interface RatesParts {
  readonly database: Database;
  readonly cache: AnswerCache;
  readonly maxDays: number;
}

/** `GET /rates`. */
export function pricesRoutes(app: HttpApp, { database, cache, maxDays }: RatesParts): void {
  app.get(
    "/rates",
    {
      schema: {
        summary: "Mean price between two places for every day of a range, newest day first",
        description: "Each place is a port's code or a region's slug; the mean is over all prices between the ports.",
        querystring: RatesQuery,
        headers: RatesHeaders,
        response: {
          200: RatesAnswer,
          304: Type.Null({ description: "The answer is still the one that `If-None-Match` names" }),
          400: INVALID_REQUEST_RESPONSE,
          412: OLDER_DATA,
          503: DATABASE_UNAVAILABLE_RESPONSE,
        },
      },
      // Before the query is parsed and checked: what is kept under a URL was asked for by a valid one.
      onRequest(request, reply, done) {
        const kept = cache.find(request.url, leastVersion(request.headers));
        if (kept === undefined) done();
        else send(reply, kept);
      },
    },
    async ({ query, url, headers }, reply) => {
      checkRange(query, maxDays);
      const range = { from: query.date_from, to: query.date_to };
      const rows = await readTotals(database, { ...placesOf(query), ...range });
      const answer = answerOf(ratesBody(rows, range), Number(rows[0]?.version));
      checkVersion(answer, leastVersion(headers));
      cache.keep(url, answer);
      return send(reply, answer);
    },
  );
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** The version that the client has seen already; 0 where it does not say. */
function leastVersion({ "x-data-version": given }: Headers): number {
  if (given === undefined) return 0;
  if (typeof given === "string" && /^\d{1,15}$/.test(given)) return Number(given);
  throw invalidRequest([{ field: "X-Data-Version", value: given, reason: "must be a version that an answer carried" }]);
}

/** Whatever was committed can be read at once, everywhere: waiting would not make the data newer. */
function checkVersion({ version }: Answer, least: number): void {
  if (version >= least) return;
  const detail = `X-Data-Version is ${least}, but the newest version of the data is ${version}: ask without that header.`;
  throw new Problem(412, detail, { kind: "older-data" });
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  reply.headers({ ETag: answer.etag, "X-Data-Version": String(answer.version) });
  if (hasAlready(reply.request.headers["if-none-match"], answer)) return reply.code(304).send();
  return reply.type("application/json; charset=utf-8").send(answer.body);
}

type Query = Type.Static<typeof RatesQuery>;

function placesOf({ orig_code, dest_code, origin, destination }: Query): { origin: Place; destination: Place } {
  return { origin: placeOf(orig_code, origin), destination: placeOf(dest_code, destination) };
}

/** One of the two is given; the schema says so. */
function placeOf(code: string | undefined, region = ""): Place {
  return code === undefined ? { region } : { code };
}

function checkRange({ date_from, date_to }: Query, maxDays: number): void {
  const days = countDays(date_from, date_to);
  if (days < 1) {
    throw invalidRequest([
      { field: "date_from", value: date_from, reason: `must not be after date_to, which is ${date_to}` },
    ]);
  }
  if (days > maxDays) {
    const reason = `must be less than ${maxDays} days after date_from: a range has at most ${maxDays} days, this one has ${days}`;
    throw invalidRequest([{ field: "date_to", value: date_to, reason }]);
  }
}

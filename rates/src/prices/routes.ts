import type { FastifyReply } from "fastify";
import * as Type from "typebox";
import type { HttpApp } from "../platform/http/http-app";
import { invalidRequest, Problem } from "../platform/http/problem";
import {
  DATABASE_UNAVAILABLE_RESPONSE,
  INVALID_REQUEST_RESPONSE,
  problemResponse,
} from "../platform/http/problem-schema";
import { type Answer, answerOf, readyAnswer } from "./answer";
import type { AnswerCache } from "./answer-cache";
import { leastVersion } from "./data-version-header";
import { countDays } from "./day";
import type { Place, TotalsReader } from "./queries";
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
  readonly totals: TotalsReader;
  readonly cache: AnswerCache;
  readonly maxDays: number;
}

/** `GET /rates`. */
export function pricesRoutes(app: HttpApp, { totals, cache, maxDays }: RatesParts): void {
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
    },
    async ({ query, url, headers }, reply) => {
      const least = leastVersion(headers);
      if (least === undefined) throw invalidVersion(headers["x-data-version"]);
      checkRange(query, maxDays);
      const range = { from: query.date_from, to: query.date_to };
      const rows = await totals.read({ ...placesOf(query), ...range });
      const answer = answerOf(ratesBody(rows, range), Number(rows[0]?.version));
      checkVersion(answer, least);
      cache.keep(url, answer);
      return send(reply, answer);
    },
  );
}

function invalidVersion(value: unknown): Problem {
  return invalidRequest([{ field: "X-Data-Version", value, reason: "must be a version that an answer carried" }]);
}

/** Whatever was committed can be read at once, everywhere: waiting would not make the data newer. */
function checkVersion({ version }: Answer, least: number): void {
  if (version >= least) return;
  const detail = `X-Data-Version is ${least}, but the newest version of the data is ${version}: ask without that header.`;
  throw new Problem(412, detail, { kind: "older-data" });
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  const { status, headers, body } = readyAnswer(answer, reply.request.headers["if-none-match"]);
  for (let index = 0; index < headers.length; index += 2) reply.header(headers[index] ?? "", headers[index + 1]);
  return reply.code(status).send(body);
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

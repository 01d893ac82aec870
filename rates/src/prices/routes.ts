import * as Type from "typebox";
import type { Database } from "../platform/database/database";
import type { HttpApp } from "../platform/http/http-app";
import { invalidRequest } from "../platform/http/problem";
import { DATABASE_UNAVAILABLE_RESPONSE, INVALID_REQUEST_RESPONSE } from "../platform/http/problem-schema";
import { VALID_TEXT } from "../platform/http/validation";
import { dailyRates } from "./daily-rate";
import { countDays } from "./day";
import { dayTotals } from "./queries";

const VALID_DAY = "a calendar day as YYYY-MM-DD from year 0001 on";

/** `format: date` knows the real calendar, with leap years; the pattern adds that PostgreSQL has no year 0. */
function dayField(description: string, example: string) {
  return Type.String({
    format: "date",
    pattern: "^(?!0000)",
    description,
    examples: [example],
    [VALID_TEXT]: VALID_DAY,
  });
}

/** PostgreSQL's text cannot hold NUL, so no port has such a code and no query could ask for it. */
function codeField(description: string, example: string) {
  return Type.String({
    minLength: 1,
    pattern: "^[^\\u0000]*$",
    description,
    examples: [example],
    [VALID_TEXT]: "text without NUL characters",
  });
}

const RatesQuery = Type.Object(
  {
    date_from: dayField("First day of the range", "2021-01-01"),
    date_to: dayField("Last day of the range", "2021-01-31"),
    orig_code: codeField("Code of the port of origin; an unknown one is a lane without prices", "CNGGZ"),
    dest_code: codeField("Code of the port of destination; an unknown one is a lane without prices", "EETLL"),
  },
  { additionalProperties: false },
);

const RatesAnswer = Type.Object(
  {
    rates: Type.Array(
      Type.Object({
        count: Type.Union([Type.Integer(), Type.Null()], { description: "How many prices; null when there are none" }),
        day: Type.String({ format: "date" }),
        price: Type.Union([Type.Number(), Type.Null()], {
          description: "Their mean; null when there are fewer than 3",
        }),
      }),
    ),
  },
  {
    description: "Every day of the range, the newest first",
    examples: [{ rates: [{ count: 3, day: "2021-01-31", price: 1154.3333333333333 }] }],
  },
);

/** `GET /rates`. */
export function pricesRoutes(app: HttpApp, { database, maxDays }: { database: Database; maxDays: number }): void {
  app.get(
    "/rates",
    {
      schema: {
        summary: "Mean price on a lane for every day of a range, newest day first",
        querystring: RatesQuery,
        response: { 200: RatesAnswer, 400: INVALID_REQUEST_RESPONSE, 503: DATABASE_UNAVAILABLE_RESPONSE },
      },
    },
    async ({ query }) => {
      checkRange(query, maxDays);
      const range = { from: query.date_from, to: query.date_to };
      const totals = await dayTotals(database, { origin: query.orig_code, destination: query.dest_code, ...range });
      return { rates: dailyRates(totals, range) };
    },
  );
}

function checkRange({ date_from, date_to }: Type.Static<typeof RatesQuery>, maxDays: number): void {
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

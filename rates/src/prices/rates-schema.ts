import * as Type from "typebox";
import { nameField } from "../platform/http/query-fields";
import { ALTERNATIVES, VALID_TEXT } from "../platform/http/validation";

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

const REGION = "Slug of a region, in place of the code: all ports of the region and of the regions below it";

/** The query of `GET /rates`. */
export const RatesQuery = Type.Object(
  {
    date_from: dayField("First day of the range", "2021-01-01"),
    date_to: dayField("Last day of the range", "2021-01-31"),
    orig_code: nameField("Code of the port of origin; an unknown one is a lane without prices", "CNGGZ"),
    dest_code: nameField("Code of the port of destination; an unknown one is a lane without prices", "EETLL"),
    origin: nameField(REGION, "china_main"),
    destination: nameField(REGION, "northern_europe"),
  },
  {
    additionalProperties: false,
    [ALTERNATIVES]: [
      ["orig_code", "origin"],
      ["dest_code", "destination"],
    ],
  },
);

export const RatesAnswer = Type.Object(
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
    description:
      "Every day of the range, the newest first. `ETag` is the answer's, `X-Data-Version` counts the batches that went into it",
    examples: [{ rates: [{ count: 3, day: "2021-01-31", price: 1154.3333333333333 }] }],
  },
);

/** Headers that no other route knows; they are documented here and read where the answer is sent. */
export const RatesHeaders = Type.Object({
  "if-none-match": Type.Optional(
    Type.String({
      description: "The ETag of a former answer: 304 where it is still the same",
      examples: ['"6fP0p1y2bq0m3Q8mZ1c9Vw"'],
    }),
  ),
  "x-data-version": Type.Optional(
    Type.String({
      description:
        "The X-Data-Version of a former answer, or of a batch: the answer is never older, whichever process gives it. " +
        "412 where the data is older, which is only so after a reset.",
      examples: ["1"],
    }),
  ),
});

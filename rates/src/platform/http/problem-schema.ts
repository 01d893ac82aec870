import * as Type from "typebox";
import { PROBLEM_MEDIA_TYPE, type ProblemBody } from "./problem";

const FieldErrorSchema = Type.Object({
  field: Type.String(),
  value: Type.Unknown({ description: "What was given, shortened to 200 characters; null when nothing was." }),
  reason: Type.String(),
});

/** A problem as RFC 9457 has it; `instance` is the request id. */
const ProblemSchema = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  instance: Type.String({ description: "The request id, also in X-Request-Id and in the log." }),
  errors: Type.Optional(Type.Array(FieldErrorSchema, { maxItems: 100 })),
});

/** An example's members; a kind of problem may have more of them than RFC 9457 knows. */
type ProblemExample = Omit<ProblemBody, "instance" | "errors"> & Readonly<Record<string, unknown>>;

/**
 * A response of a route's schema that is a problem, with an example of it.
 * @param fields what it has besides, or in another form
 */
export function problemResponse(description: string, example: ProblemExample, fields: Type.TProperties = {}) {
  const properties = { ...ProblemSchema.properties, ...fields };
  const schema = Type.Object(properties, {
    examples: [{ ...example, instance: "5b0a3c8e-6f0d-4a56-9f2b-0c7a1f1b2c3d" }],
  });
  return { description, content: { [PROBLEM_MEDIA_TYPE]: { schema } } };
}

/** The answer of every route that asks the database and gets no answer. */
export const DATABASE_UNAVAILABLE_RESPONSE = problemResponse("The database does not answer; ask again later.", {
  type: "urn:rates:problem:database-unavailable",
  title: "Service Unavailable",
  status: 503,
  detail: "The database cannot be reached.",
});

/** The answer of every route to a query field that it does not know. */
export const INVALID_REQUEST_RESPONSE = problemResponse("The request is not valid; every wrong field is named.", {
  type: "urn:rates:problem:invalid-request",
  title: "Bad Request",
  status: 400,
  detail: "The request is not valid: see date_from.",
  errors: [
    { field: "date_from", value: "2021-02-30", reason: "must be a calendar day as YYYY-MM-DD from year 0001 on" },
  ],
});

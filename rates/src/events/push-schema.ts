import * as Type from "typebox";
import { problemResponse } from "../platform/http/problem-schema";
import { VALID_TEXT } from "../platform/http/validation";

/** The id of the event in the examples. */
export const EXAMPLE_ID = "0193e4d8-5b7a-7000-8a1b-2c3d4e5f6071";

export const PushQuery = Type.Object(
  {
    simulateFailure: Type.Optional(
      Type.String({
        pattern: "^(true|false)$",
        description: "Whether the write is to fail in the middle of its transaction, to see what that looks like",
        examples: ["false"],
        [VALID_TEXT]: "true or false",
      }),
    ),
  },
  { additionalProperties: false },
);

export const PushHeaders = Type.Object({
  "idempotency-key": Type.Optional(
    Type.String({
      pattern: "^[\\x21-\\x7e]{1,255}$",
      description:
        "Makes a request that is sent again a duplicate, whatever its events hold: 1 to 255 visible ASCII characters",
      examples: ["7f3a9c12"],
      [VALID_TEXT]: "1 to 255 visible ASCII characters",
    }),
  ),
});

const resultFields = {
  success: Type.Boolean({ description: "Whether it is counted, by this request or an earlier one" }),
  eventId: Type.String({ description: "Of a duplicate, the id of the first one" }),
  isDuplicate: Type.Boolean(),
  error: Type.Union([Type.String(), Type.Null()], { description: "Why it is not counted" }),
};
const result = { success: true, eventId: EXAMPLE_ID, isDuplicate: false, error: null };

const pushFields = {
  success: Type.Boolean({ description: "Whether nothing has to be sent again" }),
  processed: Type.Integer({ description: "How many are counted, duplicates among them" }),
  failed: Type.Integer({ description: "How many are not" }),
  results: Type.Array(Type.Object(resultFields), { description: "One for each event, in the order of the request" }),
};

export const PushAnswerSchema = Type.Object(pushFields, {
  description: "Every event is settled and durable: processed, or rejected for good with the reason",
  examples: [{ success: true, processed: 1, failed: 0, results: [result] }],
});

export const QueuedAnswer = Type.Object(
  {
    success: Type.Literal(true),
    processed: Type.Literal(0),
    failed: Type.Literal(0),
    queued: Type.Integer({ description: "How many events wait" }),
  },
  {
    description: "The database is away: the events wait, durably, and are stored when it is back",
    examples: [{ success: true, processed: 0, failed: 0, queued: 1 }],
  },
);

/** Two kinds of 503: nothing was taken, or the database refused events, which are kept as failed. */
export const NOT_STORED_RESPONSE = problemResponse(
  "Send it again: the database does not answer, or it refused events, which are kept as failed.",
  {
    type: "urn:rates:problem:events-failed",
    title: "Service Unavailable",
    status: 503,
    detail: "1 of 1 events could not be stored and is kept as failed: send it again.",
    success: false,
    processed: 0,
    failed: 1,
    results: [{ ...result, success: false, error: "the database refused it (SQLSTATE 22012); send it again" }],
  },
  {
    success: Type.Optional(Type.Literal(false)),
    processed: Type.Optional(pushFields.processed),
    failed: Type.Optional(pushFields.failed),
    results: Type.Optional(pushFields.results),
  },
);

/** Answers of POST /api/events that are problems, by status. */
export const PUSH_PROBLEMS = {
  413: problemResponse("More events than EVENTS_MAX_PER_REQUEST or more bytes than EVENTS_MAX_BYTES.", {
    type: "urn:rates:problem:events-too-large",
    title: "Payload Too Large",
    status: 413,
    detail: "A request has at most 10000 events (EVENTS_MAX_PER_REQUEST); nothing of it was taken, send parts.",
  }),
  415: problemResponse("The body's type or encoding is not taken.", {
    type: "about:blank",
    title: "Unsupported Media Type",
    status: 415,
    detail: "Content-Type text/csv is not taken; send application/json in UTF-8.",
  }),
  429: problemResponse("As many events wait to be stored as may wait.", {
    type: "urn:rates:problem:too-many-events",
    title: "Too Many Requests",
    status: 429,
    detail:
      "100000 events wait already, of at most 100000 (EVENTS_MAX_WAITING); nothing of this request was taken, send it again.",
  }),
};

export const PUSH_DESCRIPTION = `Takes one event or an array of them, flat or as \`{source, payload}\`; the names of the fields are
configuration (\`EVENT_FIELDS_FILE\`). Every event is counted once however often it is sent: by its \`eventId\`, else the request's
\`Idempotency-Key\`, else client, metric, amount and time, or its whole text where it has no time. docs/events.md tells what is taken.`;

import * as Type from "typebox";
import { problemResponse } from "../../platform/http/problem-schema";
import { limitField, limitOf } from "../../platform/http/query-fields";
import { VALID_TEXT } from "../../platform/http/validation";
import { COLUMNS } from "./csv-header";

const example = {
  batch_id: 7,
  rows: 50_000,
  checksum: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  committed_at: "2026-01-02T03:04:05.678901Z",
};

const answerFields = {
  batch_id: Type.Integer(),
  rows: Type.Integer({ description: "How many prices it brought" }),
  checksum: Type.String({ description: "SHA-256 of the decoded payload in hexadecimal digits" }),
  committed_at: Type.String({ format: "date-time" }),
};

export const BatchAnswer = Type.Object(answerFields, {
  description: "The batch is durable, and every later answer counts it in",
  examples: [example],
});

export const LedgerEntry = Type.Object(
  {
    ...answerFields,
    idempotency_key: Type.String(),
    data_version: Type.Integer({ description: "Version of the data from which on they hold this batch" }),
  },
  {
    description: "A committed batch",
    examples: [{ ...example, idempotency_key: "prices-2026-01-02", data_version: 7 }],
  },
);

export const LedgerPage = Type.Object(
  { batches: Type.Array(LedgerEntry) },
  { description: "Committed batches, the newest first" },
);

export const LedgerQuery = Type.Object(
  {
    limit: limitField("batches"),
    before: Type.Optional(idField("List batches with a lower id only: the last of the page before")),
  },
  { additionalProperties: false },
);

export const BatchPath = Type.Object({ id: idField("A batch's id") }, { additionalProperties: false });

function idField(description: string) {
  return Type.String({
    pattern: "^[0-9]{1,15}$",
    description,
    examples: ["7"],
    [VALID_TEXT]: "an id: an integer of at most 15 digits",
  });
}

/** What a page holds, with the defaults filled in. */
export function pageOf({ limit, before }: Type.Static<typeof LedgerQuery>): { limit: number; before: number } {
  return { limit: limitOf(limit), before: Number(before ?? Number.MAX_SAFE_INTEGER) };
}

const RowErrorSchema = Type.Object({
  row: Type.Union([Type.Integer(), Type.Null()], {
    description: "The data row, from 1 on; null for the header or the payload as a whole",
  }),
  field: Type.Union([Type.String(), Type.Null()], { description: "The column; null for the row as a whole" }),
  value: Type.Unknown({ description: "What was found, shortened to 200 characters; null when nothing was" }),
  reason: Type.String(),
});

/** The answer to a payload with errors. */
const INVALID_ROWS_RESPONSE = problemResponse(
  "Rows are wrong and nothing was taken: the first 100 errors, and how many there are. Or the key is bound to another payload, or a digest does not match.",
  {
    type: "urn:rates:problem:invalid-rows",
    title: "Unprocessable Entity",
    status: 422,
    detail: "The payload has 1 error; nothing of it was taken. Mend it and send it whole.",
    errors: [{ row: 3, field: "orig_code", value: "XXXXX", reason: "must be the code of a known port" }],
    total: 1,
  },
  {
    errors: Type.Optional(Type.Array(RowErrorSchema, { maxItems: 100 })),
    total: Type.Optional(Type.Integer({ description: "How many errors there are" })),
  },
);

export const UNKNOWN_BATCH_RESPONSE = problemResponse("There is no such batch.", {
  type: "about:blank",
  title: "Not Found",
  status: 404,
  detail: "There is no batch 7.",
});

/** Answers of POST /batches that are problems, by status. */
export const BATCH_PROBLEMS = {
  408: limitResponse(408, "The batch did not arrive within BATCH_TIMEOUT_MS.", "batch-timeout"),
  409: limitResponse(409, "A batch with this key is being taken.", "batch-running"),
  413: limitResponse(413, "More rows than BATCH_MAX_ROWS or more bytes than BATCH_MAX_BYTES.", "batch-too-large"),
  415: problemResponse("The body's type or encoding is not taken.", {
    type: "about:blank",
    title: "Unsupported Media Type",
    status: 415,
    detail: "There is no Content-Type; send one of text/csv, application/x-ndjson, application/json, in UTF-8.",
  }),
  422: INVALID_ROWS_RESPONSE,
  429: limitResponse(429, "BATCH_MAX_CONCURRENT batches are being taken already.", "too-many-batches"),
};

function limitResponse(status: number, description: string, kind: string) {
  return problemResponse(description, {
    type: `urn:rates:problem:${kind}`,
    title: "",
    status,
    detail: description,
  });
}

export const BATCH_DESCRIPTION = `Takes all prices of the body in, or none of them. \`Idempotency-Key\` (1 to 255 visible ASCII characters) is required:
sent again with the same payload it is answered as the first time, with \`Idempotent-Replay: true\`; only a commit binds it.
Rows have ${COLUMNS.join(", ")}; \`text/csv\` with a header row in any order, \`application/x-ndjson\`, or \`application/json\` with
one array. \`Content-Encoding: gzip\` is taken. A \`Content-Digest\` or \`Repr-Digest\` with sha-256 is compared before the commit.
The answer's \`X-Data-Version\`, sent with \`GET /rates\`, asks for data that hold this batch.`;

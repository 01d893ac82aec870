import * as Type from "typebox";
import { limitField, limitOf, nameField } from "../platform/http/query-fields";
import { VALID_TEXT } from "../platform/http/validation";
import { EXAMPLE_ID } from "./push-schema";

function timeField(description: string, example: string) {
  return Type.Optional(Type.String({ minLength: 1, description, examples: [example] }));
}

const filterFields = {
  clientId: nameField("Events of this client only", "client_A"),
  startDate: timeField("Events from this time on; a day is its first moment", "2024-01-01"),
  endDate: timeField("Events up to this time, itself included; a day is all of it", "2024-01-31"),
};

export const ListQuery = Type.Object(
  {
    clientId: filterFields.clientId,
    status: Type.Optional(
      Type.String({
        pattern: "^(processed|rejected|failed)$",
        description: "What became of them",
        examples: ["processed"],
        [VALID_TEXT]: "processed, rejected or failed",
      }),
    ),
    startDate: filterFields.startDate,
    endDate: filterFields.endDate,
    limit: limitField("events"),
    skip: Type.Optional(
      Type.String({
        pattern: "^[0-9]{1,15}$",
        description: "How many events to pass over; 0 unless given",
        examples: ["0"],
        [VALID_TEXT]: "an integer of at most 15 digits",
      }),
    ),
  },
  { additionalProperties: false },
);

/** What a page holds, with the defaults filled in. */
export function pageOf({ limit, skip }: Type.Static<typeof ListQuery>): { limit: number; skip: number } {
  return { limit: limitOf(limit), skip: Number(skip ?? 0) };
}

const nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

const EventSchema = Type.Object({
  _id: Type.String(),
  clientId: nullable(Type.String()),
  metric: Type.String(),
  amount: nullable(Type.Number()),
  timestamp: Type.String({ format: "date-time", description: "The client's time, else the time of receipt" }),
  eventHash: Type.String({ description: "SHA-256 in hexadecimal digits; the same for a duplicate" }),
  status: Type.String({ description: "processed, rejected or failed" }),
  rejectionReason: nullable(Type.String()),
  originalPayload: Type.Unknown({
    description: "What was sent; under `$escaped` as text where JSON tools would stumble",
  }),
  processedAt: Type.String({ format: "date-time" }),
});

export const ListAnswer = Type.Object(
  {
    success: Type.Literal(true),
    events: Type.Array(EventSchema),
    total: Type.Integer({ description: "How many events the filters select" }),
    limit: Type.Integer(),
    skip: Type.Integer(),
  },
  {
    description: "Events by falling time",
    examples: [
      {
        success: true,
        events: [
          {
            _id: EXAMPLE_ID,
            clientId: "client_A",
            metric: "purchase",
            amount: 1200,
            timestamp: "2024-01-01T00:00:00.000Z",
            eventHash: "d53df9cd0ad21e1588d69f7894526ad28d6a38da881dcd6e73bb57f43635e4de",
            status: "processed",
            rejectionReason: null,
            originalPayload: {
              source: "client_A",
              payload: { metric: "purchase", amount: "1200", timestamp: "2024/01/01" },
            },
            processedAt: "2026-01-02T03:04:05.678Z",
          },
        ],
        total: 1,
        limit: 100,
        skip: 0,
      },
    ],
  },
);

export const AggregationQuery = Type.Object(
  {
    clientId: filterFields.clientId,
    metric: nameField("Events of this metric only", "purchase"),
    startDate: filterFields.startDate,
    endDate: filterFields.endDate,
    groupBy: Type.Optional(
      Type.String({
        pattern: "^(none|clientId|metric|both)$",
        description: "By what to add up; none unless given",
        examples: ["none"],
        [VALID_TEXT]: "none, clientId, metric or both",
      }),
    ),
  },
  { additionalProperties: false },
);

const sumFields = {
  totalAmount: Type.Number(),
  totalCount: Type.Integer(),
  averageAmount: nullable(Type.Number()),
  minAmount: nullable(Type.Number()),
  maxAmount: nullable(Type.Number()),
};

export const AggregationAnswer = Type.Object(
  {
    success: Type.Literal(true),
    aggregation: Type.Union([
      Type.Object(sumFields),
      Type.Array(
        Type.Object({
          group: Type.Union([Type.String(), Type.Object({ clientId: Type.String(), metric: Type.String() })]),
          ...sumFields,
        }),
      ),
    ]),
    statistics: Type.Object({ totalProcessed: Type.Integer(), rejected: Type.Integer(), failed: Type.Integer() }),
    filters: Type.Object({
      clientId: nullable(Type.String()),
      metric: nullable(Type.String()),
      startDate: nullable(Type.String()),
      endDate: nullable(Type.String()),
      groupBy: Type.String(),
    }),
  },
  {
    description: "Sums of the processed events that the filters select, groups by falling totalAmount",
    examples: [
      {
        success: true,
        aggregation: { totalAmount: 1700, totalCount: 2, averageAmount: 850, minAmount: 500, maxAmount: 1200 },
        statistics: { totalProcessed: 2, rejected: 0, failed: 0 },
        filters: { clientId: null, metric: null, startDate: null, endDate: null, groupBy: "none" },
      },
    ],
  },
);

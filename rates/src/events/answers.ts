import type { EventStatus, Settled } from "./event";
import type { Grouping, ListedRow, SumRow } from "./queries";

/** The answer about each event of a request. */
export interface PushAnswer {
  readonly success: boolean;
  readonly processed: number;
  readonly failed: number;
  readonly results: readonly {
    readonly success: boolean;
    readonly eventId: string;
    readonly isDuplicate: boolean;
    readonly error: string | null;
  }[];
}

/** Success means that nothing has to be sent again: every event is processed, now or before, or rejected for good. */
export function pushAnswer(settled: readonly Settled[]): PushAnswer {
  const results = settled.map(({ eventId, status, isDuplicate, reason }) => {
    return { success: status === "processed", eventId, isDuplicate, error: reason };
  });
  const processed = results.filter(({ success }) => success).length;
  const success = settled.every(({ status }) => status !== "failed");
  return { success, processed, failed: results.length - processed, results };
}

/** The list as JSON text: amounts keep every digit and payloads are what was sent. */
export function listBody(rows: readonly ListedRow[], { limit, skip }: { limit: number; skip: number }): string {
  const events = rows.filter(({ id }) => id !== null).map(eventText);
  return `{"success":true,"events":[${events.join(",")}],"total":${rows[0]?.total ?? 0},"limit":${limit},"skip":${skip}}`;
}

function eventText(row: ListedRow): string {
  const values: readonly (readonly [name: string, text: string])[] = [
    ["_id", JSON.stringify(row.id)],
    ["clientId", JSON.stringify(row.client_id)],
    ["metric", JSON.stringify(row.metric)],
    ["amount", row.amount ?? "null"],
    ["timestamp", timeText(row.occurred_at)],
    ["eventHash", JSON.stringify(row.hash)],
    ["status", JSON.stringify(row.status)],
    ["rejectionReason", JSON.stringify(row.reason)],
    ["originalPayload", row.payload],
    ["processedAt", timeText(row.processed_at)],
  ];
  return `{${values.map(([name, text]) => `"${name}":${text}`).join(",")}}`;
}

/** As JavaScript writes times, where nothing is lost by it. */
function timeText(time: string): string {
  return JSON.stringify(time.replace(/000Z$/, "Z"));
}

/** The sums as JSON text: they are exact, however long. */
export function aggregationBody(rows: readonly SumRow[], grouping: Grouping, filters: object): string {
  const processed = rows.filter(({ status }) => status === "processed");
  const aggregation =
    grouping === "none"
      ? `{${sumsText(processed[0])}}`
      : `[${processed.map((row) => `{"group":${JSON.stringify(groupOf(row, grouping))},${sumsText(row)}}`).join(",")}]`;
  const statistics = {
    totalProcessed: countOf(rows, "processed"),
    rejected: countOf(rows, "rejected"),
    failed: countOf(rows, "failed"),
  };
  return `{"success":true,"aggregation":${aggregation},"statistics":${JSON.stringify(statistics)},"filters":${JSON.stringify(filters)}}`;
}

function groupOf({ client_id: clientId, metric }: SumRow, grouping: Grouping): unknown {
  if (grouping === "both") return { clientId, metric };
  return grouping === "clientId" ? clientId : metric;
}

/** Of nothing the sum is 0, and there is no mean, least or most. */
function sumsText(row: SumRow | undefined): string {
  const { sum, count, mean, min, max } = row ?? { sum: "0", count: "0", mean: null, min: null, max: null };
  return `"totalAmount":${sum},"totalCount":${count},"averageAmount":${mean},"minAmount":${min},"maxAmount":${max}`;
}

function countOf(rows: readonly SumRow[], wanted: EventStatus): number {
  return rows.reduce((sum, { status, count }) => (status === wanted ? sum + Number(count) : sum), 0);
}

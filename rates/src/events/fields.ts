import { readFileSync } from "node:fs";

/** What is looked for in an event, and the names under which clients send it, the first that is there wins. */
export interface EventFields {
  /** An object that holds the other fields: `{source, payload}`. */
  readonly payload: readonly string[];
  readonly client: readonly string[];
  readonly metric: readonly string[];
  readonly amount: readonly string[];
  readonly timestamp: readonly string[];
  /** The client's own id of the event. */
  readonly eventId: readonly string[];
}

export const DEFAULT_FIELDS: EventFields = {
  payload: ["payload"],
  client: ["source", "client_id", "clientId", "client", "origin"],
  metric: ["metric", "event_type", "type", "eventType", "name"],
  amount: ["amount", "value", "count", "quantity", "total", "price"],
  timestamp: ["timestamp", "time", "date", "created_at", "createdAt", "ts"],
  eventId: ["eventId"],
};

const KNOWN = Object.keys(DEFAULT_FIELDS);

/**
 * Reads the names from a JSON file such as `{"client": ["tenant"], "amount": ["amount", "qty"]}`; what it leaves out
 * stays as in DEFAULT_FIELDS.
 * @param path undefined means that there is no file
 * @throws {Error} naming the file and everything that is wrong with it
 */
export function readFields(path: string | undefined): EventFields {
  if (path === undefined) return DEFAULT_FIELDS;
  const given = parseFile(path);
  const problems = problemsOf(given);
  if (problems.length === 0) return { ...DEFAULT_FIELDS, ...(given as Partial<EventFields>) };
  const example = '{"client": ["tenant"], "amount": ["amount", "qty"]}';
  throw new Error(`EVENT_FIELDS_FILE ${path} is not usable: ${problems.join("; ")}; an example is ${example}`);
}

function parseFile(path: string): unknown {
  const text = attempt(() => readFileSync(path, "utf8"), `EVENT_FIELDS_FILE names ${path}, which cannot be read`);
  return attempt(() => JSON.parse(text) as unknown, `EVENT_FIELDS_FILE ${path} is not JSON: mend it or unset it`);
}

function attempt<Result>(work: () => Result, message: string): Result {
  try {
    return work();
  } catch (cause) {
    throw new Error(message, { cause });
  }
}

function problemsOf(given: unknown): string[] {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return ["it must be one object"];
  return Object.entries(given).flatMap(([field, names]) => {
    if (!KNOWN.includes(field)) return [`${JSON.stringify(field)} is not one of ${KNOWN.join(", ")}`];
    return isNames(names) ? [] : [`${field} must be a list of different names, not ${JSON.stringify(names)}`];
  });
}

function isNames(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || new Set(value).size < value.length) return false;
  return value.every((name) => typeof name === "string" && name !== "");
}

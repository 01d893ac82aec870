import { COLUMNS, type Column } from "./csv-header";
import { decodedBytes, type RowError, shownBytes } from "./row-error";
import type { RowSink } from "./row-sink";
import { putValues } from "./row-values";

type FieldErrors = Omit<RowError, "row">[];

/** Takes one JSON value as a row: an object of exactly the known keys, each once. */
export function putJson(bytes: Buffer, sink: RowSink): void {
  const found = objectIn(bytes);
  if (typeof found === "string") {
    sink.refuse([{ field: null, value: shownBytes(bytes), reason: found }]);
    return;
  }
  const { object, text } = found;
  const errors = [...keyErrors(topLevelKeys(text)), ...typeErrors(object)];
  if (errors.length > 0) sink.refuse(errors);
  else putValues(valuesOf(object, text), sink);
}

/** The object that a text of JSON is, or the reason why it is none. */
function objectIn(bytes: Buffer): { readonly object: JsonObject; readonly text: string } | string {
  const text = decodedBytes(bytes);
  if (text === undefined) return "must be UTF-8";
  const value = parsed(text);
  if (value === undefined) return "is not valid JSON";
  return isObject(value.json) ? { object: value.json, text } : "must be an object";
}

function parsed(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A string, or one of the characters that open, close and part. In valid JSON nothing else tells where a key is. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[[\]{}:,]/g;

/** The keys of an object in valid JSON, as often as they are there: JSON.parse keeps the last of them. */
function topLevelKeys(text: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  let last = "";
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === ":" && depth === 1) keys.push(JSON.parse(last));
    if (token === "{" || token === "[") depth += 1;
    if (token === "}" || token === "]") depth -= 1;
    last = token;
  }
  return keys;
}

function keyErrors(keys: readonly string[]): FieldErrors {
  const known: readonly string[] = COLUMNS;
  const unknown = new Set(keys.filter((key) => !known.includes(key)));
  const repeated = new Set(keys.filter((key, index) => known.includes(key) && keys.indexOf(key) < index));
  return [
    ...[...unknown].map((key) => ({
      field: key,
      value: key,
      reason: `is not a known key; known are ${known.join(", ")}`,
    })),
    ...[...repeated].map((key) => ({ field: key, value: null, reason: "must be given once" })),
    ...COLUMNS.filter((key) => !keys.includes(key)).map((key) => ({ field: key, value: null, reason: "is required" })),
  ];
}

/** A price in quotes is a text, and a code or a day without them is none. */
function typeErrors(object: JsonObject): FieldErrors {
  return COLUMNS.filter((key) => Object.hasOwn(object, key)).flatMap((key) => {
    const type = key === "price" ? "number" : "string";
    if (typeof object[key] === type) return [];
    return [{ field: key, value: object[key], reason: `must be a ${type}` }];
  });
}

/** The price as it was written: `1e3` and `5.0` are not integers in plain digits, though JSON.parse makes such of them. */
const PRICE = /"price"\s*:\s*([^\s,}]+)/;

function valuesOf(object: JsonObject, text: string): Readonly<Record<Column, Buffer>> {
  const bytes = (key: Column) => Buffer.from(String(object[key]));
  const price = PRICE.exec(text)?.[1];
  return {
    orig_code: bytes("orig_code"),
    dest_code: bytes("dest_code"),
    day: bytes("day"),
    price: price === undefined ? bytes("price") : Buffer.from(price),
  };
}

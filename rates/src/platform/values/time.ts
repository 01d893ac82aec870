import { decimalOf } from "./decimal";
import { shown } from "./shown";

/** A moment in UTC as ISO text with 3, 6 or 9 digits of a second, as many as it needs; or why it is none. */
export type TimeResult = { readonly iso: string } | { readonly reason: string };

const VALID =
  'a time is ISO ("2024-01-15T10:30:00Z"), "2024/01/15", or seconds, ms, us or ns since 1970, from year 1 to 9999';

const ISO =
  /^(\d{4})([-/])(\d{1,2})\2(\d{1,2})(?:(?:T|t| +)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,30}))?)?\s*(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?$/;
/** A day without separators. As seconds since 1970 it would be one of 1970 to 1973, which nobody means. */
const COMPACT_DAY = /^(19|20|21)(\d{2})(\d{2})(\d{2})$/;

const NS_PER_MS = 1_000_000n;
const FIRST_MS = -62_135_596_800_000;
const LAST_MS = 253_402_300_799_999;

/** Reads a time. Without a zone it is UTC, a day alone is its first moment. */
export function timeOf(value: unknown): TimeResult {
  const iso = typeof value === "string" ? fromText(value.trim()) : fromNumber(value);
  return iso === undefined ? { reason: `${shown(value)}, but ${VALID}` } : { iso };
}

function fromNumber(value: unknown): string | undefined {
  return typeof value === "number" ? fromEpoch(String(value)) : undefined;
}

function fromText(text: string): string | undefined {
  const compact = COMPACT_DAY.exec(text);
  if (compact !== null) return fromText(`${compact[1]}${compact[2]}-${compact[3]}-${compact[4]}`);
  const parts = ISO.exec(text);
  return parts === null ? fromEpoch(text) : fromParts(parts);
}

function fromParts(parts: RegExpExecArray): string | undefined {
  const [year = 0, month = 0, day = 0] = [parts[1], parts[3], parts[4]].map(Number);
  const [hour = 0, minute = 0, second = 0] = [parts[5], parts[6], parts[7]].map((part) => Number(part ?? 0));
  const offset = offsetMinutes(parts[9]);
  const days = new Date(0);
  days.setUTCFullYear(year, month - 1, day);
  const isDay = days.getUTCMonth() === month - 1 && days.getUTCDate() === day;
  if (!isDay || hour > 23 || minute > 59 || second > 59 || offset === undefined) return undefined;
  const ms = days.getTime() + ((hour * 60 + minute - offset) * 60 + second) * 1_000;
  return isoOf(BigInt(ms) * NS_PER_MS + BigInt((parts[8] ?? "").slice(0, 9).padEnd(9, "0")));
}

function offsetMinutes(zone = "Z"): number | undefined {
  const [, sign, hours = "0", minutes = "0"] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  if (sign === undefined) return 0;
  if (Number(hours) > 15 || Number(minutes) > 59) return undefined;
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

/**
 * The unit is told by the size. Below 1e11 it is seconds (until the year 5138), below 1e14 ms (from 1973 on), below 1e17
 * us, else ns.
 */
function fromEpoch(text: string): string | undefined {
  const result = decimalOf(text);
  if ("refusal" in result) return undefined;
  const [, sign = "", whole = "", fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(result.decimal) ?? [];
  const decimals = [9, 6, 3, 0][Math.max(0, Math.ceil((whole.length - 11) / 3))];
  if (decimals === undefined) return undefined;
  return isoOf(BigInt(sign + whole + fraction.slice(0, decimals).padEnd(decimals, "0")));
}

function isoOf(nanoseconds: bigint): string | undefined {
  const below = ((nanoseconds % NS_PER_MS) + NS_PER_MS) % NS_PER_MS;
  const ms = Number((nanoseconds - below) / NS_PER_MS);
  if (ms < FIRST_MS || ms > LAST_MS) return undefined;
  const iso = new Date(ms).toISOString();
  if (below === 0n) return iso;
  const digits = String(below).padStart(6, "0");
  return `${iso.slice(0, -1)}${digits.endsWith("000") ? digits.slice(0, 3) : digits}Z`;
}

/** The same moment in the whole microseconds that PostgreSQL keeps. */
export function microsecondsOf(iso: string): string {
  const MOST = "0001-01-01T00:00:00.000000Z".length;
  return iso.length <= MOST ? iso : `${iso.slice(0, MOST - 1)}Z`;
}

import { type DecimalResult, decimalOf, MOST_DIGITS } from "../platform/values/decimal";
import { shown } from "../platform/values/shown";

/** An amount as exact decimal text such as `-1200.5`, or why it is none. */
export type AmountResult = { readonly amount: string } | { readonly reason: string };

const VALID = 'an amount is a number such as 1200, "1,200" or "$12.50"';

/** Numbers are read as they are, text as people and programs write amounts; nothing else is an amount. */
export function amountOf(value: unknown): AmountResult {
  const result = typeof value === "string" ? fromText(value) : fromNumber(value);
  if ("decimal" in result) return { amount: result.decimal };
  if (result.refusal === "not a number") return { reason: `${shown(value)}, but ${VALID}` };
  return { reason: `${shown(value)}, but an amount has at most ${MOST_DIGITS} digits before and after the point` };
}

function fromNumber(value: unknown): DecimalResult {
  return typeof value === "number" ? decimalOf(String(value)) : { refusal: "not a number" };
}

/** A sign, a currency as symbol or code, and the number; each at most once, the first two in either order or behind. */
const CURRENCY = "(?:[A-Z]{0,3}\\p{Sc}|[A-Z]{3})";
const PARTS = new RegExp(
  `^(?<before>[+\\-\\u2212]?)\\s*(?<prefix>${CURRENCY}?)\\s*(?<after>[+\\-\\u2212]?)\\s*(?<number>\\d.*?|\\.\\d.*?)\\s*(?<suffix>${CURRENCY}?)$`,
  "u",
);

/** More text than any number that is taken, and little enough to look at closely. */
const MOST_CHARACTERS = 200;

function fromText(text: string): DecimalResult {
  const trimmed = text.trim();
  // Most are plain, and those of any length are told by their size.
  const plain = decimalOf(trimmed);
  if ("decimal" in plain || plain.refusal === "too long") return plain;
  const {
    before = "",
    prefix = "",
    after = "",
    number = "",
    suffix = "",
  } = (trimmed.length <= MOST_CHARACTERS && PARTS.exec(trimmed)?.groups) || {};
  const ungrouped = withoutGroups(number);
  if (ungrouped === undefined || (before && after) || (prefix && suffix)) return { refusal: "not a number" };
  const sign = (before || after).replace("\u2212", "-");
  return decimalOf(sign + ungrouped);
}

/**
 * Groups of three (or, as in India, of two before the last three) between the same separators. With both a comma and a
 * point the last one is the decimal sign. One comma with other than three digits behind it could be either, so it is
 * neither.
 */
const FORMS: readonly (readonly [form: RegExp, separators: RegExp, decimalSign: string])[] = [
  [/^\d+(\.\d+)?([eE][+-]?\d+)?$/, /,/g, "."],
  [/^\d{1,3}(,\d{3})+(\.\d+)?$/, /,/g, "."],
  [/^\d{1,2}(,\d{2})+,\d{3}(\.\d+)?$/, /,/g, "."],
  [/^\d{1,3}([ _'\u2019\u00a0\u2009\u202f])\d{3}(\1\d{3})*([.,]\d+)?$/, /[ _'\u2019\u00a0\u2009\u202f]/g, ","],
  [/^\d{1,3}(\.\d{3})+,\d+$/, /\./g, ","],
  [/^\d{1,3}(\.\d{3}){2,}$/, /\./g, ","],
];

function withoutGroups(number: string): string | undefined {
  for (const [form, separators, decimalSign] of FORMS) {
    if (form.test(number)) return number.replace(separators, "").replace(decimalSign, ".");
  }
  return undefined;
}

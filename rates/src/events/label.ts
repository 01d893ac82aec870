import { decimalOf } from "../platform/values/decimal";
import { shown } from "../platform/values/shown";
import type { Found } from "./field-map";

/** Longest client, metric or id: far below the 2,704 bytes that an index entry may have. */
const MOST_CHARACTERS = 255;

/** A name without the spaces around it, or why it is none. */
export type LabelResult = { readonly label: string } | { readonly reason: string };

const UNSTORABLE = /[\0\p{Surrogate}]/u;

/** The name of a client or a metric: text, or a number, which stands for its text. */
export function labelOf({ value }: Found): LabelResult {
  const text = typeof value === "number" ? numberText(value) : value;
  if (typeof text !== "string") return { reason: `${shown(value)}, but must be text or a number` };
  const label = text.trim();
  if (label.length > MOST_CHARACTERS) {
    return { reason: `${shown(value)}, but must have at most ${MOST_CHARACTERS} characters, not ${label.length}` };
  }
  if (UNSTORABLE.test(label)) return { reason: `${shown(value)}, but must not hold NUL or half a surrogate pair` };
  return { label };
}

function numberText(value: number): string {
  const result = decimalOf(String(value));
  return "decimal" in result ? result.decimal : String(value);
}

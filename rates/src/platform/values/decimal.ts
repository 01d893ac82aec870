/** Most digits before and after the point: every money amount, every id of 64 or 96 bits, and doubles down to 1e-13. */
export const MOST_DIGITS = 30;

/** Why a number was not taken. */
export type Refusal = "not a number" | "too long";

export type DecimalResult = { readonly decimal: string } | { readonly refusal: Refusal };

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/**
 * Reads a number as JSON and programs write it and gives it in one way: no exponent, no zeros that say nothing, no `-0`.
 * The value is kept exactly.
 */
export function decimalOf(text: string): DecimalResult {
  const [matched, sign, whole = "", fraction = "", power = "0"] = NUMBER.exec(text) ?? [];
  if (matched === undefined || whole + fraction === "") return { refusal: "not a number" };
  const digits = (whole + fraction).replace(/^0+/, "").replace(/0+$/, "");
  if (digits === "") return { decimal: "0" };
  // The value is 0.<digits> times ten to this power.
  const leadingZeros = (whole + fraction).length - (whole + fraction).replace(/^0+/, "").length;
  const point = whole.length - leadingZeros + Number(power);
  if (!(point <= MOST_DIGITS && digits.length - point <= MOST_DIGITS)) return { refusal: "too long" };
  const unsigned =
    point <= 0
      ? `0.${"0".repeat(-point)}${digits}`
      : [digits.slice(0, point).padEnd(point, "0"), digits.slice(point)].filter(Boolean).join(".");
  return { decimal: sign === "-" ? `-${unsigned}` : unsigned };
}

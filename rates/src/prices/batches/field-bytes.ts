/** What the readers of single values return for a value that is not valid; no day and no price is this number. */
export const INVALID = -2_147_483_648;

const MOST_PRICE = 2_147_483_647;
export const VALID_PRICE = `must be an integer from 0 to ${MOST_PRICE} in plain digits`;
export const VALID_DAY = "must be a calendar day as YYYY-MM-DD from year 0001 on";

const ZERO = 0x30;
const DASH = 0x2d;
/** Days from 0000-03-01 to 2000-01-01, PostgreSQL's day 0. */
const EPOCH_OFFSET = 730_425;

/** @returns the price, or INVALID. The value is what stands between `start` and `end`. */
export function readPrice(bytes: Buffer, start: number, end: number): number {
  if (start === end) return INVALID;
  let price = 0;
  for (let at = start; at < end; at += 1) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return INVALID;
    price = price * 10 + digit;
    if (price > MOST_PRICE) return INVALID;
  }
  return price;
}

/** @returns days since 2000-01-01, or INVALID. The value is what stands between `start` and `end`. */
export function readDay(bytes: Buffer, start: number, end: number): number {
  if (end - start !== 10 || bytes[start + 4] !== DASH || bytes[start + 7] !== DASH) return INVALID;
  const year = twoDigits(bytes, start) * 100 + twoDigits(bytes, start + 2);
  const month = twoDigits(bytes, start + 5);
  const day = twoDigits(bytes, start + 8);
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month))) return INVALID;
  return dayNumber(year, month, day);
}

/** @returns a number so far below 0 that no other two digits beside it make a valid year of it, where one is no digit */
function twoDigits(bytes: Buffer, at: number): number {
  const tens = (bytes[at] as number) - ZERO;
  const ones = (bytes[at + 1] as number) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -10_000;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days since 2000-01-01 in the Gregorian calendar; the year is taken to begin in March, so that a leap day is its last. */
export function dayNumber(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const dayOfYear = Math.trunc((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const leapDays = Math.trunc(shifted / 4) - Math.trunc(shifted / 100) + Math.trunc(shifted / 400);
  return shifted * 365 + leapDays + dayOfYear - EPOCH_OFFSET;
}

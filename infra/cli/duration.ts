import { InvalidArgumentError } from "commander";

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `30m`, `2h` or `7d`, in ms. */
export function parseDuration(text: string): number {
  const [, count = "", unit = ""] = text.match(/^(\d{1,6})([smhd])$/) ?? [];
  const ms = Number(count) * (UNITS_MS[unit] ?? 0);
  if (ms > 0) return ms;
  throw new InvalidArgumentError("A duration is a whole number with its unit, for example 90s, 30m, 2h or 7d.");
}

/** The same the other way round, in the largest unit of which there is at least one: `2h`. */
export function formatDuration(ms: number): string {
  const [unit = "s", size = 1_000] = Object.entries(UNITS_MS).findLast(([, size]) => ms >= size) ?? [];
  return `${Math.floor(ms / size)}${unit}`;
}

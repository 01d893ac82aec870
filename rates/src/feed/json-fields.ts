/** An own property of an object that nobody vouches for; undefined for anything else. */
export function field(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return Reflect.get(value, name);
}

/** A finite number, also where it was sent as text. */
export function numberIn(value: unknown, name: string): number | undefined {
  const found = field(value, name);
  const number = typeof found === "string" && /^\d+(\.\d+)?$/.test(found) ? Number(found) : found;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

export function textIn(value: unknown, name: string): string | undefined {
  const found = field(value, name);
  return typeof found === "string" ? found : undefined;
}

/** JSON, or undefined where a text is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
